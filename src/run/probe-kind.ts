import { MailstormError } from '../error.ts'
import { type Options, readOptions } from '../options/options.ts'
import { probe, probeLimitMs, QUESTIONS } from '../probe/probe.ts'
import { PROBE_FORMAT, type ProbeResult, type ProbeRow } from '../probe/report.ts'
import type { ProbeContext } from '../probe/step.ts'
import { KINDS } from '../report/kinds.ts'
import { safeAddressesOf, systemLookup } from '../smtp/preflight/address.ts'
import { serverNames } from './ground/servers.ts'
import type { Services } from './ground/services.ts'
import type { Note, RunKind } from './kind.ts'
import { newRunId, stampOf } from './provenance.ts'
import { type Row, RowFailure } from './scenario-run.ts'

/** The probe of one server. */
export interface ProbePlan {
  /** Index into {@link probedServers}. */
  readonly server: number
}

/** The run kind for the protocol probe: a row per question to one server. It sends no load and judges nothing. */
export const PROBE_RUNS: RunKind<ProbePlan, ProbeResult> = {
  ...KINDS.probe,
  rows: () => QUESTIONS.map(({ title }) => title),
  limitMs: (_, options) => BOOT_LIMIT_MS + probeLimitMs(contextOf(options)),
  run: probeServer,
  async row({ run, index, row }) {
    const isFirst = !run.begun
    const { targets } = await run.result(row)
    const answers = targets[0]?.rows[index]
    if (answers === undefined) throw new RangeError(`the probe has no answer ${index}`)
    const remarks = isFirst ? (targets[0]?.remarks ?? []) : []
    return [
      ...remarks.map((text): Note => ({ text, type: 'warning' })),
      ...notesOn(answers, row.services.options),
    ]
  },
}

/** Names of the servers to probe. Those booted for this run are all the same program: one of them is enough. */
export function probedServers(options: Options = readOptions()): string[] {
  const names = serverNames(options)
  return options.backend === 'external' ? names : names.slice(0, 1)
}

/** Silence for this long means that the server does not answer. */
const QUIET_MS = 1_500
/** The first row may have to boot servers. */
const BOOT_LIMIT_MS = 90_000

function contextOf({ probe: { waitMs, connections }, custom }: Options): ProbeContext {
  const { sender, recipient } = custom
  const runId = `probe-${newRunId()}`
  return { sender, recipient, waitMs, quietMs: QUIET_MS, connections, runId }
}

async function probeServer({ server }: ProbePlan, { services, signal }: Row): Promise<ProbeResult> {
  const { options } = services
  const stamp = stampOf(new Date())
  const { name, target } = await (options.backend === 'external'
    ? outsideTarget(server, options)
    : bootedTarget(server, services))
  const report = await probe({ name, target, context: contextOf(options), stamp, signal })
  return { format: PROBE_FORMAT, stamp, targets: [report] }
}

/**
 * Resolves each server by itself, so that one that is down does not keep the others from being probed (for a
 * load it does).
 */
async function outsideTarget(server: number, options: Options) {
  const target = options.targets[server]
  const name = probedServers(options)[server]
  if (target === undefined || name === undefined) throw new RangeError(`there is no server ${server}`)
  const { host, port, scheme } = target
  if (scheme !== undefined && scheme !== 'smtp')
    throw new MailstormError(
      'BAD_TARGET',
      `Failed to probe ${name}: the protocol probe speaks SMTP, without TLS from the start.`,
      'Give the server as host:port or smtp://host.',
    )
  const addresses = await safeAddressesOf({
    host,
    allowPublic: options.allowPublicTargets,
    lookup: systemLookup,
  })
  return { name, target: { host, port, addresses } }
}

async function bootedTarget(server: number, services: Services) {
  const servers = await services.servers.get()
  const target = servers.targetsFor({ tls: 'none', auth: undefined })[server]
  if (target === undefined) throw new RangeError(`there is no server ${server}`)
  const { name, host, port } = target
  return { name, target: { host, port } }
}

/** A row passes once its question was answered. A deviation fails it only in strict mode. */
function notesOn({ verdict, note, rfc }: ProbeRow, { probe: { strict } }: Options): Note[] {
  const said = [verdict, note].filter((part) => part !== '').join(': ')
  if (verdict === 'deviates' && strict) throw new RowFailure(`${said} (${rfc})`)
  // A row without a note was not asked; the report says why, once.
  if (verdict === 'conforms' || said === 'unknown') return []
  return [{ text: `${said} (${rfc})`, type: verdict === 'deviates' ? 'warning' : 'notice' }]
}
