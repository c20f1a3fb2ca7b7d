import { expect, test } from 'vitest'
import { FakeClock } from '../engine/clock.fixture.ts'
import { converse } from './conversation.ts'
import { startOddServer } from './odd-server.fixture.ts'
import { HELLO, say } from './step.ts'
import { cameText } from './talk.ts'

const WAITS = { waitMs: 5_000, limitMs: 20_000 }

test('plays its steps until the first whose precondition failed', async () => {
  const target = await startOddServer({ command: (line) => (line === 'MAIL' ? '451 later' : undefined) })
  const talk = await converse(target, [...HELLO, say('mail', 'MAIL'), say('rcpt', 'RCPT')], WAITS)
  expect(talk.exchanges.map(({ name }) => name)).toEqual(['greeting', 'ehlo', 'mail'])
  expect(talk.extension('SIZE')).toBe('1000000')
  expect(talk.extension('DSN')).toBeUndefined()
  expect(talk.reply('mail')).toMatchObject({ code: 451 })
})

test('waits for a silent server exactly as long as it is told', async () => {
  const target = await startOddServer({ command: () => '' })
  const clock = new FakeClock()
  let over = false
  const talking = converse(target, HELLO, { ...WAITS, clock }).finally(() => {
    over = true
  })
  // The greeting comes by itself; then the wait for the reply to EHLO is armed.
  while (clock.armed === 0) await new Promise(setImmediate)
  while (!over) {
    await clock.advanceTo(clock.nowMs() + 1_000)
    await new Promise(setImmediate)
  }
  const ehlo = (await talking).exchange('ehlo')
  expect(ehlo).toMatchObject({ replies: [], ending: 'time over' })
  expect(ehlo && cameText(ehlo)).toBe('nothing within 5 s')
})

test('distinguishes a closed connection from a refused one', async () => {
  const closing = await startOddServer({ maxConnections: 0 })
  const talk = await converse(closing, HELLO, WAITS)
  expect(talk.exchanges).toMatchObject([{ name: 'greeting', replies: [{ code: 421 }] }])
  const refused = await converse({ host: '127.0.0.1', port: 1 }, HELLO, WAITS)
  expect(refused.exchanges).toMatchObject([{ name: 'greeting', replies: [], ending: 'refused' }])
})

test('shows line ends that stand alone', async () => {
  const target = await startOddServer()
  const talk = await converse(target, [...HELLO, { name: 'bare', send: 'NOOP\rNOOP\n\r\n' }], WAITS)
  expect(talk.exchange('bare')?.sent).toBe('NOOP<CR>NOOP<LF>')
})
