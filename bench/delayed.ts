import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { clients } from './clients/list.ts'
import { isInstalled } from './clients/run.ts'
import { readOptions } from './options.ts'
import { clientTable, machineLine, ratioTable } from './report.ts'
import { measureRounds } from './rounds.ts'
import { ratiosOf, type Target } from './targets.ts'

/** Our pipelining levels and smtp-source -d against a server whose replies take 10 ms each. */
const DELAY_MS = 10
const SIZE_BYTES = 1_024
const MESSAGES = 2_500
const NAMES = ['lock-step', 'commands', 'transactions', 'smtp-source -d']
const TARGETS: readonly Target[] = [
  { ours: 'transactions', theirs: 'smtp-source -d', figure: 'rate', bySize: { [SIZE_BYTES]: 3.5 } },
  { ours: 'commands', theirs: 'smtp-source -d', figure: 'rate', bySize: { [SIZE_BYTES]: 1.85 } },
  { ours: 'lock-step', theirs: 'smtp-source -d', figure: 'rate', bySize: {} },
]

const options = readOptions(['--messages', String(MESSAGES), ...process.argv.slice(2)])
const program = fileURLToPath(new URL('./delayed-server.ts', import.meta.url))
const server = spawn(process.execPath, [program], {
  stdio: ['pipe', 'pipe', 'inherit'],
  env: { ...process.env, DELAY_MS: String(DELAY_MS) },
})
const [line] = (await once(server.stdout, 'data')) as [Buffer]
const smtpSource = await isInstalled('smtp-source')
try {
  const rows = await measureRounds({
    clients: clients({ smtpSource }).filter(({ name }) => NAMES.includes(name)),
    rounds: options.rounds,
    port: Number(line.toString()),
    sizeBytes: SIZE_BYTES,
    messages: options.messages(SIZE_BYTES),
  })
  console.log(`${machineLine()}; replies delayed by ${DELAY_MS} ms, 50 sessions, 1 KB\n`)
  console.log(`${ratioTable(ratiosOf(rows, SIZE_BYTES, TARGETS))}\n\n${clientTable(rows)}`)
} finally {
  server.kill()
}
