import type { Client, ClientName } from './clients/list.ts'
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

/** After fewer the just-in-time compiler is still at work. */
const LEAST_WARM_UP_MESSAGES = 4_000

/** Runs the clients in turn, round after round: what else the machine does then hits all alike. */
export async function measureRounds(options: RoundsOptions): Promise<Row[]> {
  const { clients, rounds, port, sizeBytes, messages: base } = options
  const byClient = new Map<ClientName, Measurement[]>(clients.map(({ name }) => [name, []]))
  for (let round = 1; round <= rounds; round++) {
    for (const client of clients) {
      const messages = Math.ceil(base * client.share)
      const warmUpMessages = Math.max(Math.ceil(messages / 2), LEAST_WARM_UP_MESSAGES)
      const task = { port, sizeBytes, messages, warmUpMessages }
      const measurement = await client.run(task)
      byClient.get(client.name)?.push(measurement)
      options.onRun?.(
        `round ${round}/${rounds}, ${client.name}: ${Math.round(messagesPerSecond(measurement))}/s`,
      )
    }
  }
  return [...byClient].map(([client, runs]) => rowOf(client, runs))
}

export function rowOf(client: ClientName, runs: readonly Measurement[]): Row {
  const rate = spreadOf(runs.map(messagesPerSecond))
  return { client, runs, rate, cpu: spreadOf(runs.map(cpuSecondsPerThousand)) }
}
