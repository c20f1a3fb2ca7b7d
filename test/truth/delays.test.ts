import { describe, expect, it } from 'vitest'
import { PHASES, type Phase } from '../../src/smtp/target.ts'
import { DEFAULT_STEPS, type Script, type Stage, wait } from '../servers/script.ts'
import { ScriptedServer } from '../servers/scripted-server.ts'
import { type Sending, type Sent, send } from './send.ts'

const DELAY_MS = 100
/** Less than one delay more, besides the time for which the machine was seen to keep this process from running. */
const SLACK_MS = 80
const TICK_MS = 5
/** A timer is late by less than that while nothing else runs. */
const HELD_UP_FROM_MS = 5

const DELAYED = ['greeting', 'ehlo', 'mail', 'rcpt', 'data', 'dot', 'quit'] as const satisfies Stage[]

const slow: Script = Object.fromEntries(
  DELAYED.map((stage) => [stage, [wait(DELAY_MS), ...DEFAULT_STEPS[stage]]]),
)

describe('a server that delays every reply by 100 ms', () => {
  it('shows once in each phase of a new session, twice in the envelope of MAIL and RCPT', async () => {
    const sent = await sendTo({ messagesPerSession: 1, pipelining: 'off' })
    const { samples, heldUpMs } = sent
    for (const phase of ['ehlo', 'data', 'accept'] as const) expectDelay(sent, phaseTimes(samples, phase), 1)
    // The server waits from its accept on, of which a busy client hears late: only the sum with connect is exact.
    const [connect, greeting] = [phaseTimes(samples, 'connect'), phaseTimes(samples, 'greeting')]
    const both = greeting.map((ms, index) => ms + (connect[index] as number))
    expectDelay(sent, both, 1)
    expect(median(greeting)).toBeGreaterThan(DELAY_MS - SLACK_MS - heldUpMs)
    expectDelay(sent, phaseTimes(samples, 'envelope'), 2)
    expectDelay(sent, serviceTimes(samples), 6)
  })

  it('does not show in the phases that wait for no reply', async () => {
    const { samples, heldUpMs } = await sendTo({ messagesPerSession: 1, pipelining: 'off' })
    for (const phase of ['connect', 'transfer'] as const)
      expect(median(phaseTimes(samples, phase))).toBeLessThan(SLACK_MS + heldUpMs)
  })

  it('gives no time to phases that did not happen', async () => {
    const { samples } = await sendTo({ pipelining: 'off' }, 2)
    const [first, second] = samples.map(({ phasesMs }) =>
      PHASES.filter((_, index) => !Number.isNaN(phasesMs[index])),
    )
    const transaction = ['envelope', 'data', 'transfer', 'accept']
    expect(first).toEqual(['connect', 'greeting', 'ehlo', ...transaction])
    expect(second).toEqual(transaction)
  })

  it('has phases that add up to the service time', async () => {
    const { samples } = await sendTo({ messagesPerSession: 1, pipelining: 'off' })
    samples.forEach(({ phasesMs, sentMs, endedMs }) => {
      const sum = phasesMs.reduce((total, ms) => total + (Number.isNaN(ms) ? 0 : ms), 0)
      expect(Math.abs(endedMs - sentMs - sum)).toBeLessThan(1)
    })
  })

  it.each(['commands', 'transactions'] as const)(
    'shows in the same phases when %s are pipelined',
    async (pipelining) => {
      const sent = await sendTo({ messagesPerSession: 1, pipelining })
      const { samples, heldUpMs } = sent
      const envelope = phaseTimes(samples, 'envelope')
      const data = phaseTimes(samples, 'data')
      expectDelay(sent, envelope, 2)
      // A reply that is read late leaves less time to the one behind it: only their sum is exact.
      const both = envelope.map((ms, index) => ms + (data[index] as number))
      expectDelay(sent, both, 3)
      expect(median(data)).toBeGreaterThan(DELAY_MS - SLACK_MS - heldUpMs)
      expectDelay(sent, serviceTimes(samples), 6)
    },
  )
})

interface Delayed extends Sent {
  readonly heldUpMs: number
}

async function sendTo(sending: Omit<Sending, 'port'>, messages = 9): Promise<Delayed> {
  await using server = await ScriptedServer.start(slow)
  const schedule = { executor: 'shared-iterations', messages } as const
  let [heldUpMs, tickedMs] = [0, performance.now()]
  // Client and server are in this process, so what it is kept from doing makes every reply late.
  const ticker = setInterval(() => {
    const lateMs = performance.now() - tickedMs - TICK_MS
    if (lateMs > HELD_UP_FROM_MS) heldUpMs += lateMs
    tickedMs = performance.now()
  }, TICK_MS)
  const workers = sending.messagesPerSession === 1 ? messages : 1
  const sent = await send({ ...sending, port: server.port, schedule, workers })
  clearInterval(ticker)
  return { ...sent, heldUpMs }
}

function expectDelay({ heldUpMs }: Delayed, timesMs: readonly number[], delays: number): void {
  expect(Math.min(...timesMs)).toBeGreaterThanOrEqual(delays * DELAY_MS)
  expect(median(timesMs)).toBeLessThan(delays * DELAY_MS + SLACK_MS + heldUpMs)
}

function phaseTimes(samples: Sent['samples'], phase: Phase): number[] {
  return samples.map(({ phasesMs }) => phasesMs[PHASES.indexOf(phase)] as number)
}

function serviceTimes(samples: Sent['samples']): number[] {
  return samples.map(({ sentMs, endedMs }) => endedMs - sentMs)
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number
}
