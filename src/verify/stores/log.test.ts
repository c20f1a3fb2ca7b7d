import { appendFile, mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { LogStore } from './log.ts'
import { EXIM_LOG, type LogForm, POSTFIX_LOG } from './log-lines.ts'
import { storeOf } from './registry.ts'

const NOW = new Date('2026-11-30T12:20:00')
const RUN = 'run-a'
const ID = `${RUN}-0000000001`

/** Lines as Postfix 3.7 writes them. */
function postfix(queueId: string, program: string, text: string): string {
  return `Nov 30 12:14:30 mx postfix/${program}[99]: ${queueId}: ${text}\n`
}

function exim(queueId: string, text: string): string {
  return `2026-11-30 12:14:32 ${queueId} ${text}\n`
}

async function newLog(form: LogForm = POSTFIX_LOG) {
  const folder = await mkdtemp(join(tmpdir(), 'mailstorm-log-'))
  const path = join(folder, 'mail.log')
  await writeFile(path, postfix('00FFBA20BBF', 'qmgr', 'removed'))
  const notes: string[] = []
  const store = new LogStore(form, path, { allowPublicTargets: false, note: (line) => void notes.push(line) })
  onTestFinished(async () => {
    await store[Symbol.asyncDispose]()
    await rm(folder, { recursive: true })
  })
  const look = () => Array.fromAsync(store.arrivals(RUN, new AbortController().signal))
  return { path, folder, store, notes, look, write: (...lines: string[]) => appendFile(path, lines.join('')) }
}

const NAMED = postfix('29FBBA20BBF', 'cleanup', `message-id=<${ID}@mailstorm.test>`)

test('what stood there before the run is not of the run', async () => {
  const { store, look, write } = await newLog()
  await write(
    NAMED,
    postfix(
      '29FBBA20BBF',
      'smtp',
      'to=<a@b.test>, relay=x, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (ok)',
    ),
  )
  await store.check()
  expect(await look()).toEqual([])
})

test('a line that is written in two parts is read whole', async () => {
  const { store, look, write } = await newLog()
  await store.check()
  const line = postfix(
    '29FBBA20BBF',
    'smtp',
    'to=<a@b.test>, relay=x, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (ok)',
  )
  await write(NAMED, line.slice(0, 40))
  expect(await look()).toEqual([])
  await write(line.slice(40))
  expect(await look()).toMatchObject([{ id: ID, recipient: 'a@b.test' }])
})

test('a deferred message is told when it is sent, or given up as a whole', async () => {
  const { store, look, write } = await newLog()
  await store.check()
  const to = (recipient: string, status: string) =>
    postfix(
      '29FBBA20BBF',
      'smtp',
      `to=<${recipient}>, relay=none, delay=9, delays=0/0/9/0, dsn=4.4.1, status=${status} (connect to x: Connection refused)`,
    )
  await write(NAMED, to('a@b.test', 'deferred'), to('c@d.test', 'deferred'))
  expect(await look()).toEqual([])
  await write(
    to('a@b.test', 'sent'),
    postfix('29FBBA20BBF', 'qmgr', 'from=<s@b.test>, status=expired, returned to sender'),
  )
  expect(await look()).toMatchObject([
    { recipient: 'a@b.test' },
    { recipient: 'c@d.test', bounce: { recipient: 'c@d.test', text: 'expired in the queue' } },
  ])
})

test('a message that comes back from a content filter is told once, for the recipient before aliases', async () => {
  const { store, look, write } = await newLog()
  await store.check()
  await write(
    NAMED,
    postfix('19623A5208C', 'cleanup', `message-id=<${ID}@mailstorm.test>`),
    postfix(
      '29FBBA20BBF',
      'smtp',
      'to=<real@b.test>, orig_to=<alias@b.test>, relay=127.0.0.1[127.0.0.1]:10025, delay=0.01, delays=0.01/0/0/0, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 19623A5208C)',
    ),
    postfix('29FBBA20BBF', 'qmgr', 'removed'),
  )
  expect(await look()).toEqual([])
  await write(
    postfix(
      '19623A5208C',
      'lmtp',
      'to=<real@b.test>, relay=x, delay=0.1, delays=0/0/0/0, dsn=2.0.0, status=sent (250 2.0.0 <real@b.test> Saved)',
    ),
  )
  expect(await look()).toMatchObject([{ id: ID, recipient: 'alias@b.test' }])
})

test('an alias of several is told once; the same message in the queue twice is told twice', async () => {
  const { store, look, write } = await newLog()
  await store.check()
  const sent = (queueId: string, to: string) =>
    postfix(
      queueId,
      'smtp',
      `to=<${to}>, orig_to=<team@b.test>, relay=x, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (ok)`,
    )
  await write(NAMED, sent('29FBBA20BBF', 'a@b.test'), sent('29FBBA20BBF', 'c@b.test'))
  expect(await look()).toHaveLength(1)
  await write(NAMED.replace('29FBBA20BBF', '39FBBA20BBF'), sent('39FBBA20BBF', 'a@b.test'))
  expect(await look()).toHaveLength(1)
})

test('a message with a Message-ID of its own is found where the server logs X-Mailstorm-Id', async () => {
  const { store, look, write } = await newLog()
  await store.check()
  await write(
    postfix(
      '29FBBA20BBF',
      'cleanup',
      `info: header X-Mailstorm-Id: ${ID} from localhost[127.0.0.1]; from=<s@b.test> to=<a@b.test> proto=ESMTP helo=<c>`,
    ),
    postfix('29FBBA20BBF', 'cleanup', 'message-id=<own.1234@corpus.example>'),
    postfix(
      '29FBBA20BBF',
      'smtp',
      'to=<a@b.test>, relay=x, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (ok)',
    ),
  )
  expect(await look()).toMatchObject([{ id: ID, recipient: 'a@b.test' }])
})

test('nothing is lost when the log is renamed and begun anew', async () => {
  const { store, look, write, path, folder } = await newLog()
  await store.check()
  await write(NAMED)
  await rename(path, join(folder, 'mail.log.1'))
  await writeFile(
    path,
    postfix(
      '29FBBA20BBF',
      'smtp',
      'to=<a@b.test>, relay=x, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (ok)',
    ),
  )
  expect(await look()).toMatchObject([{ id: ID }])
  expect(store.limits()).toBeUndefined()
})

test('a log that is emptied is told', async () => {
  const { store, look, write, path } = await newLog()
  await store.check()
  await write(NAMED)
  expect(await look()).toEqual([])
  await truncate(path, 0)
  await write('x\n')
  expect(await look()).toEqual([])
  expect(store.limits()).toContain('was emptied during the run')
})

test('20,000 messages are followed, and forgotten when they have left', async () => {
  const { store, look, write } = await newLog()
  await store.check()
  for (let from = 0; from < 20_000; from += 5_000) {
    const lines = Array.from({ length: 5_000 }, (_, index) => {
      const queueId = `A${(from + index).toString(16).toUpperCase().padStart(9, '0')}`
      return [
        postfix(
          queueId,
          'cleanup',
          `message-id=<${RUN}-${String(from + index).padStart(10, '0')}@mailstorm.test>`,
        ),
        postfix(
          queueId,
          'smtp',
          'to=<a@b.test>, relay=x, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (ok)',
        ),
        postfix(queueId, 'qmgr', 'removed'),
      ]
    })
    await write(...lines.flat())
    expect(await look()).toHaveLength(5_000)
  }
})

test.each([
  ['Nov 30 12:14:30', new Date('2026-11-30T12:14:30').getTime(), 1_000],
  ['Nov  3 02:14:30', new Date('2026-11-03T02:14:30').getTime(), 1_000],
  ['Dec 31 23:59:59', new Date('2025-12-31T23:59:59').getTime(), 1_000],
  ['2026-11-30T12:14:30.250103+01:00', Date.parse('2026-11-30T11:14:30.250Z'), 1],
])('reads the time %s', (stamp, atMs, resolutionMs) => {
  const line = `${stamp} mx postfix-out/smtp[99]: 3Yh2Ld1zXqz4wBm: to=<a@b.test>, relay=x, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (ok)`
  expect(POSTFIX_LOG.read(line, NOW)).toMatchObject({ queueId: '3Yh2Ld1zXqz4wBm', kind: 'sent', atMs })
  expect(POSTFIX_LOG.resolutionMs(line)).toBe(resolutionMs)
})

test.each([
  [
    '1xY0HA-00000A-2t',
    '=> user1@b.test R=dnslookup T=remote_smtp H=mx [127.0.0.1] C="250 OK"',
    { kind: 'sent', recipient: 'user1@b.test' },
  ],
  [
    '1xY0HA-00000A-2t',
    '=> :blackhole: <user1@b.test> R=discard',
    { kind: 'sent', recipient: 'user1@b.test' },
  ],
  [
    '1xY0HA-00000A00000-2tab',
    '-> user2 <user2@b.test> R=local_user T=mail_spool',
    { kind: 'sent', recipient: 'user2@b.test' },
  ],
  [
    '1xY0HA-00000A-2t',
    '=> a@b.test R=filter T=smtp H=x [127.0.0.1] C="250 OK id=1xY0HB-00000C-3u"',
    { kind: 'sent', nextQueueId: '1xY0HB-00000C-3u' },
  ],
  [
    '1xY0HA-00000A-2t',
    '** gone@b.test R=bounced: 550 5.1.1 nobody',
    { kind: 'failed', recipient: 'gone@b.test', status: '5.1.1', text: '550 5.1.1 nobody' },
  ],
  [
    '1xY0HA-00000A-2t',
    '== late@b.test R=deferred defer (-1): come again',
    { kind: 'deferred', recipient: 'late@b.test' },
  ],
  [
    '1xY0HA-00000A-2t',
    `<= s@b.test H=(c) [127.0.0.1] P=esmtp S=515 id=${ID}@mailstorm.test`,
    { kind: 'named', messageId: `${ID}@mailstorm.test` },
  ],
  ['1xY0HA-00000A-2t', 'Completed', { kind: 'removed' }],
])('Exim: %s %s', (queueId, text, expected) => {
  expect(EXIM_LOG.read(exim(queueId, text).trimEnd(), NOW)).toMatchObject({ queueId, ...expected })
})

test('times of whole seconds are told before the run', async () => {
  const { store, notes } = await newLog()
  await store.check()
  expect(store.timeResolutionMs).toBe(1_000)
  expect(notes[0]).toContain('have whole seconds')
})

test('a log that is not there is told before the load', async () => {
  const open = (text: string) => storeOf(text, { allowPublicTargets: false, note: () => undefined })
  await expect((await open('log:postfix:/nowhere/mail.log'))?.check()).rejects.toMatchObject({
    code: 'VERIFY_STORE',
    message: expect.stringContaining("Failed to read Postfix's log /nowhere/mail.log: ENOENT"),
  })
  await expect(open('log:sendmail')).rejects.toThrow('names no log: log:postfix, log:exim')
})
