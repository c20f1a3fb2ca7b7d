import { mkdirSync, symlinkSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { folderWith } from './folder.fixture.ts'
import { filesOf, placesOf } from './places.ts'

function filesIn(folder: string, place = ''): string[] {
  return filesOf({ path: join(folder, place), weight: undefined }).map((path) => relative(folder, path))
}

test('reads places and their weights', () => {
  expect(placesOf('mails')).toEqual([{ path: 'mails', weight: undefined }])
  expect(placesOf('mails/news:70, mails/big:2.5')).toEqual([
    { path: 'mails/news', weight: 70 },
    { path: 'mails/big', weight: 2.5 },
  ])
  expect(placesOf('mails/{a,b}/*.eml,c.mbox')).toEqual([
    { path: 'mails/{a,b}/*.eml', weight: undefined },
    { path: 'c.mbox', weight: undefined },
  ])
})

test('takes what exists under a name with a comma, a weight or a glob in it as it is', () => {
  const folder = folderWith({ 'a,b.eml': 'A: b\n', 'c:70/1.eml': 'A: b\n', '[Gmail]/1.eml': 'A: b\n' })
  expect(placesOf(`${folder}/a,b.eml`)).toEqual([{ path: `${folder}/a,b.eml`, weight: undefined }])
  expect(placesOf(`${folder}/c:70:3`)).toEqual([{ path: `${folder}/c:70`, weight: 3 }])
  expect(filesIn(folder, '[Gmail]')).toEqual(['[Gmail]/1.eml'])
})

test.each([
  ['a,,b', 'Failed to read the corpus: "a,,b" has a place without a name.'],
  ['a:1,b', 'Failed to read the corpus: "b" has no weight, and others have one.'],
  ['a:0', 'Failed to read the corpus: "a:0" has a place of weight 0.'],
])('refuses %s', (spelling, why) => {
  expect(() => placesOf(spelling)).toThrow(why)
})

test('takes all files below a folder in the order of their octets, but none whose name begins with a dot', () => {
  const folder = folderWith({
    'b/2.eml': '',
    'b/10.eml': '',
    'B/1': '',
    'a.mbox': '',
    '.DS_Store': '',
    '.git/config': '',
  })
  expect(filesIn(folder)).toEqual(['B/1', 'a.mbox', 'b/10.eml', 'b/2.eml'])
})

test('takes cur and new of a Maildir, and of the folders of a Maildir++; not tmp, nor what servers keep there', () => {
  const folder = folderWith({
    'mail/cur/1.a:2,S': '',
    'mail/new/0.b': '',
    'mail/tmp/2.c': '',
    'mail/dovecot-uidlist': '',
    'mail/.Sent/cur/3.d:2,S': '',
    'mail/.hidden/other': '',
    'mail/cur/.nfs0001': '',
    'other/1.eml': '',
  })
  mkdirSync(join(folder, 'mail/.Sent/new'))
  expect(filesIn(folder)).toEqual([
    'mail/cur/1.a:2,S',
    'mail/new/0.b',
    'mail/.Sent/cur/3.d:2,S',
    'other/1.eml',
  ])
})

test('expands a glob, each file once', () => {
  const folder = folderWith({ 'a/1.eml': '', 'a/2.txt': '', 'b/1.eml': '' })
  expect(filesIn(folder, '**/*.eml')).toEqual(['a/1.eml', 'b/1.eml'])
  expect(filesIn(folder, '{a,a/*}')).toEqual(['a/1.eml', 'a/2.txt'])
})

test('follows a link to a file, and none to a folder, which could lead back', () => {
  const folder = folderWith({ 'a/1.eml': '' })
  symlinkSync(join(folder, 'a/1.eml'), join(folder, 'a/2.eml'))
  symlinkSync(folder, join(folder, 'a/up'))
  expect(filesIn(folder)).toEqual(['a/1.eml', 'a/2.eml'])
})

test('says that nothing is there', () => {
  const folder = folderWith({})
  expect(() => filesIn(folder, 'nowhere')).toThrow(
    /there is no file or folder ".*nowhere"\.\nCheck the path\./,
  )
  expect(() => filesIn(folder, '*.eml')).toThrow(/nothing matches ".*\*\.eml"/)
})
