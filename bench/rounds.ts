import type { Client, ClientName, StartedClient } from './clients/list.ts'
import {
  cpuSecondsPerThousand,
  type Measurement,
  messagesPerSecond,
  type Spread,
  spreadOf,
} from './measurement.ts'

/** What one client showed over all rounds. */
export interface Row {
  readonly client: ClientName
  /** One per round. */
  readonly runs: readonly Measurement[]
  /** Messages per second. */
  readonly rate: Spread
  /** Client CPU seconds per 1,000 messages. */
  readonly cpu: Spread
}

export interface RoundsOptions {
  readonly clients: readonly Client[]
  readonly rounds: number
  readonly port: number
  readonly sizeBytes: number
  readonly messages: number
  readonly onRun?: (text: string) => void
}

/** Of nodemailer: after fewer the just-in-time compiler is still at work. */
const LEAST_WARM_UP_MESSAGES = 4_000

/** Starts the clients, then runs them in turn, round after round: what else the machine does then hits all alike. */
export async function measureRounds(options: RoundsOptions): Promise<Row[]> {
  const { clients, rounds, port, sizeBytes, messages: base } = options
  await using stack = new AsyncDisposableStack()
  const started: {
    readonly name: ClientName
    readonly client: StartedClient
    readonly runs: Measurement[]
  }[] = []
  for (const { name, share, start } of clients) {
    const messages = Math.ceil(base * share)
    const warmUpMessages = Math.max(Math.ceil(messages / 2), LEAST_WARM_UP_MESSAGES)
    const client = stack.use(await start({ port, sizeBytes, messages, warmUpMessages }))
    started.push({ name, client, runs: [] })
  }
  for (let round = 1; round <= rounds; round++) {
    for (const { name, client, runs } of started) {
      const measurement = await client.run()
      runs.push(measurement)
      options.onRun?.(`round ${round}/${rounds}, ${name}: ${Math.round(messagesPerSecond(measurement))}/s`)
    }
  }
  return started.map(({ name, runs }) => rowOf(name, runs))
}

export function rowOf(client: ClientName, runs: readonly Measurement[]): Row {
  const rate = spreadOf(runs.map(messagesPerSecond))
  return { client, runs, rate, cpu: spreadOf(runs.map(cpuSecondsPerThousand)) }
}
