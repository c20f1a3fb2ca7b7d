import { PRESSURE_FORMAT } from '../pressure/result.ts'
import { listAt, numberAt, textAt, valueAt } from './fields.ts'

type Facts = Readonly<Record<string, string | number | null>>

/** Under what a run was measured: where these differ, its figures do for reasons other than the target. */
export interface Circumstances {
  readonly backend: Facts
  readonly machine: Facts
  readonly workload: Facts
}

export const CIRCUMSTANCES = [
  'backend',
  'machine',
  'workload',
] as const satisfies readonly (keyof Circumstances)[]

export function circumstancesOf(json: unknown): Circumstances {
  return {
    backend: { backend: textAt(json, 'backend', 'name') },
    machine: {
      CPU: textAt(json, 'machine', 'cpu'),
      cores: numberAt(json, 'machine', 'cores'),
      'operating system': textAt(json, 'machine', 'os'),
    },
    workload: textAt(json, 'format') === PRESSURE_FORMAT ? pressureWorkload(json) : smtpWorkload(json),
  }
}

/** The older files have five of these, under the same names as ours. */
function smtpWorkload(json: unknown): Facts {
  const of = (name: string) => numberAt(json, 'workload', name)
  const word = (name: string) => textAt(json, 'workload', name)
  const duration = of('duration_seconds')
  const timed = textAt(json, 'test_type') === 'sustained' || duration !== null
  return {
    mode: textAt(json, 'test_type'),
    executor: word('executor'),
    // What is sent within a given time follows from the rate, or from the servers.
    messages: timed ? null : (of('planned') ?? numberAt(json, 'metrics', 'total_messages')),
    workers: of('workers') ?? numberAt(json, 'concurrent_workers'),
    'message size': numberAt(json, 'message_size'),
    rate: numberAt(json, 'target_rate'),
    duration,
    pipelining: word('pipelining'),
    'messages per session': of('messages_per_session') ?? word('messages_per_session'),
    sessions: of('max_sessions'),
    recipients: of('recipients'),
    TLS: word('tls'),
    servers: serverCount(json),
  }
}

function pressureWorkload(json: unknown): Facts {
  const settings = valueAt(json, 'proxy', 'settings')
  const tenants = listAt(json, 'tenants')
  return {
    tenants: tenants.length === 0 ? null : tenants.length,
    profiles:
      tenants.length === 0
        ? null
        : tenants
            .map((tenant) => textAt(tenant, 'profile'))
            .toSorted()
            .join(', '),
    proxy: textAt(json, 'proxy', 'implementation'),
    'proxies at once': numberAt(json, 'proxy', 'instances'),
    'proxy runs': textAt(json, 'proxy', 'runs'),
    settings: settings === undefined ? null : JSON.stringify(settings),
  }
}

function serverCount(json: unknown): number | null {
  const { length } = listAt(json, 'servers')
  return length === 0 ? null : length
}
