import { expect, it } from 'vitest'
import { hang } from '../../test/servers/script.ts'
import { ScriptedServer } from '../../test/servers/scripted-server.ts'
import { FakeClock } from '../engine/clock.fixture.ts'
import { Gate, OpenTransports } from './connections.ts'
import type { SmtpTarget } from './target.ts'
import { Transport } from './transport.ts'

it('lets no more than its limit in at a time, and everybody in their order', async () => {
  const gate = new Gate(2)
  const entered: number[] = []
  let inside = 0
  let most = 0
  await Promise.all(
    Array.from({ length: 20 }, async (_, visitor) => {
      await new Promise<void>((resolve) => gate.enter(resolve))
      entered.push(visitor)
      most = Math.max(most, ++inside)
      await new Promise(setImmediate)
      inside--
      gate.leave()
    }),
  )
  expect(most).toBe(2)
  expect(entered).toEqual(Array.from({ length: 20 }, (_, visitor) => visitor))
})

it('lets in at once while there is room, and again when one has left whom nobody waited for', () => {
  const gate = new Gate(1)
  const inside: string[] = []
  gate.enter(() => inside.push('a'))
  gate.enter(() => inside.push('b'))
  expect(inside).toEqual(['a'])
  gate.leave()
  expect(inside).toEqual(['a', 'b'])
  gate.leave()
  gate.enter(() => inside.push('c'))
  expect(inside).toEqual(['a', 'b', 'c'])
})

it('ends all connections of a thread at once, and those that are opened afterwards', async () => {
  await using server = await ScriptedServer.start({ greeting: [hang] })
  const { host, port } = server
  const target: SmtpTarget = { name: 'server', host, port, tls: { mode: 'none', verify: true } }
  const clock = new FakeClock(700)
  const open = () => Transport.connect(target, clock, { replyTimeoutMs: 10_000 })
  const connections = new OpenTransports()
  const [early, gone, late] = [open(), open(), open()]
  const failureOf = ({ failure }: Transport) => failure?.failure.class
  try {
    connections.add(early, 3)
    connections.add(gone, 4)
    connections.delete(gone)
    early.enter('greeting')
    expect([...connections.states()]).toEqual([
      { target: 3, phase: 'greeting', sinceMs: 700, limitMs: 10_700 },
    ])
    connections.abort()
    connections.add(late, 5)
    expect([early, gone, late].map(failureOf)).toEqual(['aborted', undefined, 'aborted'])
  } finally {
    gone.destroy()
  }
})
