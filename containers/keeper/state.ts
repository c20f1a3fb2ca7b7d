import { existsSync, readFileSync } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { MailstormError } from '../../src/error.ts'
import { packageCommand } from '../../src/packages.ts'
import { lives } from '../../src/processes.ts'

/** What `mailstorm start` keeps running, for its other commands and for stress runs. */
export interface KeptState {
  readonly format: typeof FORMAT
  /** Identity of the keeper's process; see processes.ts. */
  readonly keeper: string
  readonly startedAt: string
  readonly backend: { readonly name: 'embedded' | 'docker'; readonly why: string }
  /** Port of the keeper's API on loopback. */
  readonly apiPort: number
  readonly servers: readonly KeptServer[]
  /** Loopback port that Prometheus scrapes for stress runs; absent when no Prometheus is kept. */
  readonly metricsPort?: number
}

export interface KeptServer {
  readonly name: string
  readonly host: string
  readonly port: number
  readonly implicitTlsPort: number | null
  readonly ca: string | null
  readonly pid: number
  readonly noLedger: string | null
}

const FORMAT = 'mailstorm-services/1'

/** One set of services per project folder. */
export function statePath(root: string): string {
  return join(root, '.mailstorm', 'services.json')
}

/** Undefined when nothing is kept, or the keeper was killed. */
export async function readState(root: string): Promise<KeptState | undefined> {
  return living(await readFile(statePath(root), 'utf8').catch(() => ''))
}

/** Synchronous, for titles of tests. Empty when nothing is kept. */
export function keptServerNames(root: string): string[] {
  return readStateSync(root)?.servers.map(({ name }) => name) ?? []
}

/** Synchronous, for a Vitest configuration: the port that a kept Prometheus scrapes for this folder's runs. */
export function keptMetricsPort(root: string): number | undefined {
  return readStateSync(root)?.metricsPort
}

function readStateSync(root: string): KeptState | undefined {
  return existsSync(statePath(root)) ? living(readFileSync(statePath(root), 'utf8')) : undefined
}

/** Undefined also for a file of another version, or one that is not ours or cut short. */
function living(text: string): KeptState | undefined {
  try {
    const state = JSON.parse(text) as KeptState
    return state.format === FORMAT && lives(state.keeper) ? state : undefined
  } catch {
    return undefined
  }
}

export async function requireState(root: string): Promise<KeptState> {
  const state = await readState(root)
  if (state !== undefined) return state
  throw new MailstormError(
    'NOT_STARTED',
    'Failed to find running services: none were started in this folder, or they have ended.',
    `Start them with "${packageCommand('mailstorm start')}" in another terminal.`,
  )
}

export async function writeState(root: string, state: Omit<KeptState, 'format'>): Promise<void> {
  const path = statePath(root)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(`${path}.new`, JSON.stringify({ format: FORMAT, ...state }), { mode: 0o600 })
  await rename(`${path}.new`, path)
}

export async function removeState(root: string): Promise<void> {
  await rm(statePath(root), { force: true })
}
