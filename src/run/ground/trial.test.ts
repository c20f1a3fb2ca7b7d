import { expect, test } from 'vitest'
import { BOTH, type Habits, PipeliningServer } from '../../../test/servers/pipelining-server.ts'
import { systemClock } from '../../engine/clock.ts'
import { serve } from '../../smtp/preflight/fake-server.fixture.ts'
import type { PipeliningLevel } from '../../smtp/target.ts'
import { findLevel, type TrialOptions } from './trial.ts'

async function tryOut(habits: Habits, asked: PipeliningLevel, options: Partial<TrialOptions> = {}) {
  const server = new PipeliningServer(habits)
  const port = await serve(server.talk)
  const target = { name: 'fake', host: '127.0.0.1', port, tls: { mode: 'none', verify: true } } as const
  const addresses = { sender: 'a@example.com', recipient: 'b@example.com' }
  const common = { clock: systemClock, ...addresses, timeoutMs: 2_000, mayDeliver: true }
  const finding = await findLevel({ target, asked, ...common, ...options })
  return { ...finding, received: server.messages.length, messages: server.messages }
}

test('a sound server is sent to at the level that was asked for, and takes one marked message', async () => {
  for (const asked of ['transactions', 'chunks'] as const) {
    const found = await tryOut({ extensions: BOTH }, asked)
    expect(found).toMatchObject({ used: asked, delivered: 1, received: 1 })
    expect(found.why).toBeUndefined()
    expect(found.messages[0]).toContain('X-Mailstorm-Trial: 1')
    expect(found.messages[0]).not.toContain('X-Mailstorm-Id')
  }
})

test('a server that answers 503 to all behind the end of a message is sent to by commands', async () => {
  const found = await tryOut({ extensions: BOTH, behind: '503' }, 'chunks')
  expect(found).toMatchObject({ used: 'commands', delivered: 2, received: 2 })
  expect(found.why).toBe(
    'it answers "503 not now" to RSET behind the end of a message, and it answers "503 not now" to MAIL behind the end of a message',
  )
})

test('a server that loses what comes with the end of a message is sent to by commands', async () => {
  const found = await tryOut({ extensions: ['PIPELINING'], behind: 'lost' }, 'transactions')
  expect(found).toMatchObject({
    used: 'commands',
    why: 'it loses what is pipelined behind the end of a message',
    received: 1,
  })
})

test('a server that ends the session when more comes with the end of a message is sent to by commands', async () => {
  const found = await tryOut({ extensions: ['PIPELINING'], behind: 'ends' }, 'transactions')
  expect(found).toMatchObject({
    used: 'commands',
    why: 'it ends the session, without an answer to the message, when more comes with its end',
  })
})

test('a server that takes the chunk of a refused envelope for commands is sent to by transactions', async () => {
  const found = await tryOut({ extensions: BOTH, swallows: false }, 'chunks')
  expect(found).toMatchObject({
    used: 'transactions',
    why: 'it does not swallow the chunk of a refused envelope (RFC 3030 2)',
  })
})

test('a server that never answers a chunk is sent to by transactions', async () => {
  const found = await tryOut({ extensions: BOTH, silentAtBdat: true }, 'chunks', { timeoutMs: 150 })
  expect(found).toMatchObject({
    used: 'transactions',
    why: 'it was silent before it answered a message by BDAT',
  })
})

test.each([
  [['PIPELINING'], 'transactions', 'it does not offer CHUNKING'],
  [['CHUNKING'], 'off', 'it does not offer PIPELINING'],
  [[], 'off', 'it does not offer PIPELINING'],
] as const)(
  'a server that offers %j is sent to by %s, and no message goes out for that',
  async (extensions, used, why) => {
    expect(await tryOut({ extensions }, 'chunks', { mayDeliver: false })).toMatchObject({
      used,
      why,
      received: 0,
    })
  },
)

test('a server that defers or refuses, or that cannot be reached, is left to the load', async () => {
  for (const habits of [{ rcpt: '450 greylisted' }, { rcpt: '550 who?' }, { taken: '451 later' }]) {
    for (const asked of ['transactions', 'chunks'] as const) {
      expect(await tryOut({ extensions: BOTH, ...habits }, asked)).toMatchObject({
        used: asked,
        delivered: 0,
      })
    }
  }
  const port = await serve((socket) => socket.end('421 go away\r\n'))
  const target = { name: 'gone', host: '127.0.0.1', port, tls: { mode: 'none', verify: true } } as const
  expect(await tryOut({ extensions: BOTH }, 'chunks', { target })).toMatchObject({
    used: 'chunks',
    delivered: 0,
  })
})
