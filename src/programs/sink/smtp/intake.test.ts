import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { expect, test, vi } from 'vitest'
import { SpoolReader } from '../store/spool.ts'
import { Store } from '../store/store.ts'
import type { StoredMessage } from '../store/stored-message.ts'
import { DigestFields } from './content-digest.ts'
import { Intake } from './intake.ts'

const ENVELOPE = { from: 'a@x.test', to: ['b@y.test'], helo: 'me.test' }

interface Stage {
  readonly store: Store
  receive(pieces: readonly Buffer[], before?: () => void): Promise<boolean>
  readonly stored: StoredMessage[]
}

function stage(headerOnly = false): Stage {
  const store = new Store()
  const stored: StoredMessage[] = []
  const fields = new DigestFields(['X-Id'])
  const intake = new Intake({ store, headerOnly, fields, onStored: (message) => stored.push(message) })
  return {
    store,
    stored,
    receive(pieces, before) {
      const content = intake.begin()
      for (const piece of pieces) content.push(piece)
      before?.()
      return new Promise((resolve) =>
        intake.add({ id: `id${stored.length}`, ...ENVELOPE }, content.end(), resolve),
      )
    },
  }
}

/** More than two blocks. */
function bigContent(): Buffer[] {
  return Array.from({ length: 11 }, (_, i) => Buffer.alloc(65_536, `${i}\r\n`))
}

test('stores content with its size and SHA-256, and announces it', async () => {
  const { receive, stored, store } = stage()
  const pieces = [Buffer.from('Subject: x\r\n'), Buffer.from('\r\nhello\r\n')]
  expect(await receive(pieces)).toBe(true)
  const [message] = stored
  expect(message).toMatchObject({ id: 'id0', ...ENVELOPE, bytes: 21, fields: [''] })
  expect(message && Buffer.from(message.sha256, 'latin1').toString('hex')).toBe(
    createHash('sha256').update('Subject: x\r\n\r\nhello\r\n').digest('hex'),
  )
  expect(store.count).toBe(1)
})

test('spools a large message in blocks while it comes, with the hash and bytes of the whole', async () => {
  const { receive, stored, store } = stage()
  const pieces = bigContent()
  let spooledBytes = 0
  await receive(pieces, () => {
    spooledBytes = store.spool.endOffset
  })
  expect(spooledBytes).toBe(8 * 65_536)
  const whole = Buffer.concat(pieces)
  const [message] = stored
  if (message === undefined) throw new Error('nothing was stored')
  expect(message.bytes).toBe(whole.length)
  expect(message.sha256).toBe(createHash('sha256').update(whole).digest('binary'))
  using reader = new SpoolReader(store.spool)
  expect(reader.text(message) === whole.toString('latin1')).toBe(true)
})

test('keeps a large message whole when everything else is deleted while it comes', async () => {
  const { receive, stored, store } = stage()
  const pieces = bigContent()
  await receive(pieces, () => store.deleteAll())
  const [message] = stored
  if (message === undefined) throw new Error('nothing was stored')
  using reader = new SpoolReader(store.spool)
  expect(reader.text(message) === Buffer.concat(pieces).toString('latin1')).toBe(true)
})

test('keeps the fields it was asked for and the CRC of the body, of small messages and large', async () => {
  const { receive, stored } = stage()
  const header = Buffer.from('A: b\r\nx-id: \t run-7 \r\nX-Id: second\r\n\r\n')
  await receive([header, Buffer.from('X-Id: body\r\n')])
  await receive([header, ...bigContent()])
  await receive([Buffer.from('X-Id: no blank line\r\n')])
  expect(stored.map(({ fields, bodyCrc32 }) => [...fields, bodyCrc32])).toEqual([
    ['run-7', crc32('X-Id: body\r\n')],
    ['run-7', crc32(Buffer.concat(bigContent()))],
    ['no blank line', undefined],
  ])
})

test('keeps the header alone in header-only mode, with size and hash of the whole', async () => {
  const { receive, stored, store } = stage(true)
  const pieces = [Buffer.from('Subject: x\r\n\r\n'), ...bigContent()]
  await receive(pieces)
  const [message] = stored
  if (message === undefined) throw new Error('nothing was stored')
  expect(store.spool.endOffset).toBe(14)
  expect(message.bytes).toBe(14 + 11 * 65_536)
  expect(message.sha256).toBe(createHash('sha256').update(Buffer.concat(pieces)).digest('binary'))
  using reader = new SpoolReader(store.spool)
  expect(reader.text(message)).toBe('Subject: x\r\n\r\n')
})

test('tells the sender when the spool cannot be written, and stores nothing', async () => {
  const { receive, stored, store } = stage()
  const log = vi.spyOn(console, 'error').mockImplementation(() => {})
  // As on a full disk.
  vi.spyOn(store.spool, 'append').mockImplementation(() => {
    throw new Error('ENOSPC: no space left on device')
  })
  expect(await receive([Buffer.from('x\r\n')])).toBe(false)
  expect([stored.length, store.count]).toEqual([0, 0])
  expect(log).toHaveBeenCalledWith(expect.stringContaining('ENOSPC'))
  vi.restoreAllMocks()
})
