import { startNullSink } from '../containers/null-sink.ts'
import { type ClientName, clients } from './clients/list.ts'
import { clientTable, ratioTable } from './report.ts'
import { measureRounds, type Row } from './rounds.ts'
import { NULL_SINK_TARGETS, type Ratio, ratiosOf } from './targets.ts'

/**
 * Our pipelining levels, chunks too, and smtp-source -d against our null sink, a program of its own that keeps nothing:
 * at once, and with replies that come 10 ms late, as over a network of that round-trip time.
 */
const SIZE_BYTES = 1_024
/** Messages of smtp-source -d while it waits for late replies, to one that it sends else. */
const LATE_SHARE = 1 / 20
const PARTS = [
  {
    delayMs: 0,
    share: 1,
    shares: {
      commands: 2,
      transactions: 3,
      'chunks 8': 12,
      'chunks 32': 12,
      'floor chunks 8': 12,
      'floor chunks 32': 12,
    },
    targets: NULL_SINK_TARGETS.atOnce,
  },
  {
    delayMs: 10,
    share: LATE_SHARE,
    shares: { 'lock-step': 2, commands: 4, transactions: 8, 'chunks 8': 60, 'chunks 32': 150 },
    targets: NULL_SINK_TARGETS.late,
  },
] as const

interface Lean {
  readonly server: string
  readonly sizeBytes: number
  readonly rows: readonly Row[]
  readonly ratios: readonly Ratio[]
}

export interface LeanOptions {
  readonly smtpSource: boolean
  readonly rounds: number
  /** Of smtp-source -d in a round of the first part. */
  readonly messages: number
}

export async function besideNullSink({ smtpSource, rounds, messages }: LeanOptions): Promise<Lean[]> {
  const measured: Lean[] = []
  for (const { delayMs, share: part, shares, targets } of PARTS) {
    await using sink = await startNullSink({ delayMs })
    const share = (name: ClientName) => (shares as Partial<Record<ClientName, number>>)[name]
    const rows = await measureRounds({
      clients: clients({ smtpSource, chunks: true })
        .filter(({ name }) => share(name) !== undefined || name === 'smtp-source -d')
        .map((client) => ({ ...client, share: share(client.name) ?? 1 })),
      rounds,
      port: sink.port,
      sizeBytes: SIZE_BYTES,
      messages: Math.ceil(messages * part),
      onRun: (text) => process.stderr.write(`  null sink, ${delayMs} ms, ${text}\n`),
    })
    const server = `our null sink, replies ${delayMs === 0 ? 'at once' : `${delayMs} ms late`}`
    const ratios = ratiosOf(rows, SIZE_BYTES, targets)
    console.log(`\n### 1 KB, ${server}\n\n${ratioTable(ratios)}\n\n${clientTable(rows)}`)
    measured.push({ server, sizeBytes: SIZE_BYTES, rows, ratios })
  }
  return measured
}
