import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type RunningWildServer, startWildServer, startWildStore } from './wild-server.ts'

const run = promisify(execFile)

/** Servers that can send on what they take. */
export const RELAYS = ['postfix', 'exim', 'opensmtpd'] as const
export type Relay = (typeof RELAYS)[number]

/** What makes mail for mailstorm.test go on to a port of this machine: lines of each server's configuration. */
const SENDS_ON: Record<Relay, (port: number) => readonly string[]> = {
  postfix: (port) => [
    `virtual_transport = smtp:[127.0.0.1]:${port}`,
    'disable_dns_lookups = yes',
    'smtp_tls_security_level = none',
    'minimal_backoff_time = 1s',
    'maximal_backoff_time = 3s',
    'queue_run_delay = 1s',
    'master:smtp unix - - n - - smtp',
  ],
  exim: (port) => [`NEXT_PORT = ${port}`],
  opensmtpd: (port) => [
    `action next_hop relay host "smtp://127.0.0.1:${port}"`,
    'match from any for domain "mailstorm.test" action next_hop',
  ],
}

/** Everything that it takes goes on to one port of this machine, and what that refuses comes back to the sender. */
export async function startRelay(
  relay: Relay,
  nextPort: number,
  more: readonly string[] = [],
): Promise<RunningWildServer> {
  return startWildServer(relay, [...SENDS_ON[relay](nextPort), ...more])
}

/** Those of the scenario `relay`: beside the others one that relays as it takes, and one with a queue in files of its own. */
export const SCENARIO_RELAYS = [...RELAYS, 'haraka', 'mailpit'] as const
export type ScenarioRelay = (typeof SCENARIO_RELAYS)[number]

export interface RunningRelay extends Disposable {
  readonly address: string
}

/** One of the scenario's, configured so that it sends on within seconds, not minutes. */
export async function startScenarioRelay(relay: ScenarioRelay, nextPort: number): Promise<RunningRelay> {
  if (relay === 'haraka') return startWildServer(relay, [`next:${nextPort}`])
  // Exim refuses the twenty-first connection by 421, and a session to each message has that many.
  if (relay !== 'mailpit')
    return startRelay(relay, nextPort, relay === 'exim' ? ['smtp_accept_max = 200'] : [])
  const store = await startWildStore(relay, [`next:${nextPort}`])
  return { address: `127.0.0.1:${store.port}`, [Symbol.dispose]: () => store[Symbol.dispose]() }
}

/** Kills all of its processes by SIGKILL and boots it again, with its queue. */
export async function killAndRestart(relay: Relay, { address }: RunningWildServer): Promise<void> {
  await run(join(import.meta.dirname, 'restart'), [relay, address.split(':')[1] ?? ''])
}
