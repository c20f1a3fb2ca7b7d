import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../containers/loopback.ts'
import type { Result } from '../src/engine/result.ts'
import { SCENARIO_RELAYS, type ScenarioRelay, startScenarioRelay } from '../test/wild/relays.ts'
import { missing } from '../test/wild/wild-server.ts'
import { NEXT_HOP_FOLDER, NextHopRecord } from './wild/next-hop-record.ts'
import { readServerFile } from './wild/server-file.ts'

/**
 * `npm run wild:relay [NAME …]`: the scenario `relay` through each relay of test/wild that is installed, one after another,
 * three minutes each; writes docs/servers/next-hop/NAME.json.
 */

const ROOT = join(import.meta.dirname, '..')
/** A queue that lets mail wait for long has the figures of what arrived until then. */
const VERIFY_TIMEOUT_SECONDS = 900

const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !SCENARIO_RELAYS.some((relay) => relay === name))
if (unknown.length > 0) {
  console.error(`${unknown.join(', ')}: no relay. There are: ${SCENARIO_RELAYS.join(', ')}.`)
  process.exit(2)
}
for (const relay of SCENARIO_RELAYS) {
  if (asked.length > 0 && !asked.includes(relay)) continue
  const why = missing(relay)
  if (why === undefined) await measure(relay)
  else console.info(`${relay}: ${why}`)
}

async function measure(relay: ScenarioRelay): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'mailstorm-relay-'))
  const sinkPort = await freePort()
  using running = await startScenarioRelay(relay, sinkPort)
  const args = ['run', 'relay', '--target', running.address, '--verify', `sink:${sinkPort}`]
  console.info(`${relay}: npx mailstorm ${args.join(' ')}`)
  try {
    await scenario([...args, '--verify-timeout', `${VERIFY_TIMEOUT_SECONDS}`], folder)
    const record = recordOf(relay, (part) => read(folder, part))
    mkdirSync(NEXT_HOP_FOLDER, { recursive: true })
    writeFileSync(join(NEXT_HOP_FOLDER, `${relay}.json`), `${JSON.stringify(record, undefined, 2)}\n`)
    const { accepted, lost, doubled, bounced, drain_seconds: drain } = record.together
    console.info(
      `${relay}: ${accepted} accepted, ${lost} lost, ${doubled} doubled, ${bounced} bounced, drained in ${drain} s`,
    )
    rmSync(folder, { recursive: true })
  } catch (error) {
    console.error(`${relay}: see ${folder}`)
    throw error
  }
}

/** Its verdict is no error here. */
async function scenario(args: readonly string[], folder: string): Promise<void> {
  const env = { ...process.env, STRESS_RESULTS_DIR: folder, NO_COLOR: '1', CI: '1' }
  const options = { cwd: ROOT, env, maxBuffer: 64 * 1024 ** 2 }
  const run = promisify(execFile)(process.execPath, [join(ROOT, 'src/cli.ts'), ...args], options)
  const { stdout, stderr } = await run.catch((error: { stdout: string; stderr: string }) => error)
  writeFileSync(join(folder, 'output'), stdout + stderr)
}

function read(folder: string, part: string): Result {
  const name = readdirSync(folder).find((file) => file.endsWith(`-relay--${part}.json`))
  if (name === undefined) throw new Error(`Failed to read the result of ${part}: there is none.`)
  return JSON.parse(readFileSync(join(folder, name), 'utf8')) as Result
}

function recordOf(relay: ScenarioRelay, resultOf: (part: string) => Result): NextHopRecord {
  const together = resultOf('together')
  const rows = together.next_hop ?? []
  const { delivery, ledger, stamp, versions } = together
  return NextHopRecord.parse({
    format: 'mailstorm-next-hop/1',
    server: relay,
    version: readServerFile(relay).version,
    mailstorm: versions.mailstorm ?? '',
    measured_at: stamp.replace(/^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d).*$/, '$1-$2-$3T$4:$5:$6Z'),
    parts: rows.map((row) => ({
      part: row.part,
      next_hop: row.next_hop,
      ...figuresOf(resultOf(row.part)),
      delivered_per_second: rounded(row.delivered_per_second),
      deepest_queue: row.deepest_queue,
    })),
    together: {
      ...figuresOf(together),
      delivered_per_second: rounded(delivery?.delivered_per_second),
      deepest_queue: delivery?.most_in_between ?? null,
      misrouted: ledger.account?.misrouted ?? 0,
      drain_seconds: rows.findLast((row) => row.drain_seconds !== null)?.drain_seconds ?? null,
    },
  })
}

function figuresOf({ metrics, ledger, delivery }: Result) {
  const { total_messages: total, outcomes, throughput } = metrics
  return {
    accepted: outcomes.accepted,
    not_accepted: total - outcomes.accepted,
    accepted_per_second: rounded(throughput),
    end_to_end_p50_ms: rounded(delivery?.end_to_end_ms.p50),
    end_to_end_p99_ms: rounded(delivery?.end_to_end_ms.p99),
    lost: ledger.lost,
    doubled: ledger.duplicated,
    damaged: ledger.corrupted,
    bounced: ledger.account?.bounced ?? 0,
  }
}

function rounded(value: number | null | undefined): number | null {
  return typeof value === 'number' ? Math.round(value * 10) / 10 : null
}
