import { startNullSink } from '../containers/null-sink.ts'
import { type ClientName, clients } from './clients/list.ts'
import { isInstalled } from './clients/run.ts'
import { optionsGiven } from './command-line.ts'
import { HELP, readOptions } from './options.ts'
import { clientTable, machineLine, ratioTable } from './report.ts'
import { measureRounds } from './rounds.ts'
import { ratiosOf, type Target } from './targets.ts'

/**
 * `node bench/lean.ts`: our pipelining levels and smtp-source -d against our null sink, which takes chunks: at once,
 * and with replies that come 10 ms late, as over a network of that round-trip time.
 */
const SIZE_BYTES = 1_024
const target = (ours: ClientName, limit?: number): Target => ({
  ours,
  theirs: 'smtp-source -d',
  figure: 'rate',
  bySize: limit === undefined ? {} : { [SIZE_BYTES]: limit },
})
const PARTS = [
  {
    delayMs: 0,
    messages: 20_000,
    shares: { 'lock-step': 1, commands: 2, transactions: 3, 'chunks 8': 12, 'chunks 32': 12 },
    targets: [target('chunks 8', 8), target('chunks 32'), target('transactions'), target('commands')],
  },
  {
    delayMs: 10,
    messages: 1_000,
    shares: { 'lock-step': 2, commands: 4, transactions: 8, 'chunks 8': 60, 'chunks 32': 150 },
    targets: [
      target('chunks 32', 60),
      target('chunks 8'),
      target('transactions', 3.5),
      target('commands', 1.85),
      target('lock-step'),
    ],
  },
] as const

const options = optionsGiven(readOptions, HELP)
const smtpSource = await isInstalled('smtp-source')
console.log(`${machineLine()}; 50 sessions, 1 KB, our null sink, medians of ${options.rounds} rounds`)
for (const { delayMs, messages, shares, targets } of PARTS) {
  await using sink = await startNullSink({ delayMs })
  const share = (name: ClientName) => (shares as Partial<Record<ClientName, number>>)[name]
  const rows = await measureRounds({
    clients: clients({ smtpSource, chunks: true })
      .filter(({ name }) => share(name) !== undefined || name === 'smtp-source -d')
      .map((client) => ({ ...client, share: share(client.name) ?? 1 })),
    rounds: options.rounds,
    port: sink.port,
    sizeBytes: SIZE_BYTES,
    messages,
    onRun: (text) => process.stderr.write(`  ${delayMs} ms, ${text}\n`),
  })
  console.log(`\n### Replies ${delayMs === 0 ? 'at once' : `${delayMs} ms late`}\n`)
  console.log(`${ratioTable(ratiosOf(rows, SIZE_BYTES, targets))}\n\n${clientTable(rows)}`)
}
