import { expect, it } from 'vitest'
import { hang } from '../../test/servers/script.ts'
import { ScriptedServer } from '../../test/servers/scripted-server.ts'
import { FakeClock } from '../engine/clock.fixture.ts'
import { OpenTransports } from './connections.ts'
import { Farewells } from './farewells.ts'
import { openSession } from './session.ts'

/** The goodbyes of a thread on virtual time, and sessions with a server of their own. */
function farewellsOf(clock: FakeClock) {
  const transports = new OpenTransports()
  const told: string[] = []
  const farewells = new Farewells({
    clock,
    replyTimeoutMs: 2_000,
    transports,
    onQuit: () => told.push('answered'),
    onSessionFailure: (failure, target) => told.push(`${failure.class} of ${target}`),
  })
  const say = async (server: ScriptedServer, target: number) => {
    const tls = { mode: 'none', verify: true } as const
    const { transport } = await openSession({
      target: { name: 'server', host: server.host, port: server.port, tls },
      clock,
      replyTimeoutMs: 2_000,
      tlsSessions: new Map(),
      onTransport: (opened) => transports.add(opened, target),
    })
    let goneOnMs: number | undefined
    const said = new Promise<void>((goOn, fail) => farewells.say(transport, target, { goOn, fail })).then(
      () => {
        goneOnMs = clock.nowMs()
      },
    )
    return { said, goneOnMs: () => goneOnMs }
  }
  return { farewells, transports, told, say }
}

it('lets each lane wait for half a second from its own QUIT, whichever was first', async () => {
  await using server = await ScriptedServer.start({ quit: [hang] })
  await using answering = await ScriptedServer.start()
  const clock = new FakeClock()
  const { farewells, transports, told, say } = farewellsOf(clock)
  const first = await say(server, 0)
  await clock.advanceTo(100)
  const answered = await say(answering, 1)
  await answered.said
  await clock.advanceTo(300)
  const second = await say(server, 2)
  await clock.advanceTo(700)
  expect([first.goneOnMs(), answered.goneOnMs(), second.goneOnMs()]).toEqual([500, 100, undefined])
  await clock.advanceTo(900)
  expect(second.goneOnMs()).toBe(800)
  // Their goodbyes go on to be waited for, to the end of their time.
  const ended = farewells.ended()
  await clock.advanceTo(3_000)
  await ended
  expect(told).toEqual(['answered', 'timeout of 0', 'timeout of 2'])
  expect([...transports.states()]).toEqual([])
})

it('leaves no timer behind when all have ended', async () => {
  await using server = await ScriptedServer.start()
  const clock = new FakeClock()
  const { farewells, say } = farewellsOf(clock)
  await (await say(server, 0)).said
  await farewells.ended()
  expect(clock.armed).toBe(0)
})
