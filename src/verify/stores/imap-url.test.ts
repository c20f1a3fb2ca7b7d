import { expect, test } from 'vitest'
import { readImapUrl } from './imap-url.ts'

test('reads user, password, host, port and folder; INBOX and the port of the scheme by default', () => {
  expect(readImapUrl('imap', '//load:secret@mail.test')).toEqual({
    value: {
      scheme: 'imap',
      host: 'mail.test',
      port: 143,
      tls: 'verified',
      mailboxes: [{ user: 'load', pass: 'secret', folder: 'INBOX', owner: undefined }],
    },
  })
  expect(readImapUrl('imaps', '//a%40b.test:p%3Aw%25@[::1]:9993/Sent%20Mail?tls=unverified')).toEqual({
    value: {
      scheme: 'imaps',
      host: '::1',
      port: 9993,
      tls: 'unverified',
      mailboxes: [{ user: 'a@b.test', pass: 'p:w%', folder: 'Sent Mail', owner: undefined }],
    },
  })
})

test('a range makes a mailbox for each number, owned by its user', () => {
  const reading = readImapUrl('imap', '//user{9..11}%40b.test:pass{9..11}@127.0.0.1')
  expect('value' in reading && reading.value.mailboxes).toEqual([
    { user: 'user9@b.test', pass: 'pass9', folder: 'INBOX', owner: 'user9@b.test' },
    { user: 'user10@b.test', pass: 'pass10', folder: 'INBOX', owner: 'user10@b.test' },
    { user: 'user11@b.test', pass: 'pass11', folder: 'INBOX', owner: 'user11@b.test' },
  ])
})

test('accounts of a file stand in place of the login', () => {
  expect(readImapUrl('imaps', '//mail.test?tls=unverified&accounts=lists/users.csv')).toEqual({
    value: {
      scheme: 'imaps',
      host: 'mail.test',
      port: 993,
      tls: 'unverified',
      mailboxes: [],
      accounts: 'lists/users.csv',
    },
  })
})

test.each([
  ['', 'is not of the form'],
  ['mail.test', 'is not of the form'],
  ['//mail.test', 'has no user and password before the host'],
  ['//user@mail.test', 'has no user and password before the host'],
  ['//user:@mail.test', 'has no user and password before the host'],
  ['//u:p@mail.test:0', 'has the port 0'],
  ['//u:p@mail.test:99999', 'has the port 99999'],
  ['//u%ZZ:p@mail.test', 'has a % that begins no percent-encoded character'],
  ['//u{3..1}:p@mail.test', 'which ends before it begins'],
  ['//u{1..3}:p{1..4}@mail.test', 'has the ranges {1..3} and {1..4}, and can have one'],
  ['//u:p{1..4}@mail.test', 'without one in the user'],
  ['//u{1..10001}:p@mail.test', 'at most 10000 mailboxes'],
  ['//u:p@mail.test?tls=no', 'has ?tls=no, and only ?tls=unverified, ?accounts=users.csv'],
  ['//u:p@mail.test?accounts=a.csv', 'has a login before the host, and accounts'],
  ['//mail.test/Sent?accounts=a.csv', 'has a folder, and accounts'],
  ['//mail.test?accounts=', 'has ?accounts=, and only'],
])('refuses %j: %s', (rest, wrong) => {
  expect(readImapUrl('imap', rest)).toEqual({ wrong: expect.stringContaining(wrong) })
})
