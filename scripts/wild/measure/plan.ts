import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { manifest } from '../../../src/packages.ts'
import { writeAtomically } from '../../../src/results/atomic-write.ts'
import {
  RECORD_FORMAT,
  RECORDS_FOLDER,
  readRecord,
  type ServerRecord,
  STEP_NAMES,
  type StepName,
  type Steps,
} from '../record.ts'
import type { ServerFile } from '../server-file.ts'
import type { Figures } from './limits.ts'

export interface Planned {
  readonly name: string
  readonly file: ServerFile
  /** What is to be measured, in order. */
  readonly steps: readonly StepName[]
}

/** What is missing in its record, or was measured of another version; all of `wanted` with `again`. */
export function planOf(
  name: string,
  file: ServerFile,
  {
    wanted,
    again,
    folder = RECORDS_FOLDER,
  }: { wanted: readonly StepName[]; again: boolean; folder?: string },
): Planned {
  const { steps } = recordOf(name, file, folder)
  return { name, file, steps: wanted.filter((step) => again || steps[step] === undefined) }
}

/** What was measured of this version; nothing when that was another. */
export function recordOf(name: string, { version }: ServerFile, folder = RECORDS_FOLDER): ServerRecord {
  const path = pathOf(name, folder)
  const old = existsSync(path) ? readRecord(path) : undefined
  if (old?.version === version) return old
  return { format: RECORD_FORMAT, server: name, version, steps: {} }
}

/** Writes a step into the record as it stands on disk: others may measure other steps of it at the same time. */
export async function keep<Name extends StepName>(
  { name, file }: Pick<Planned, 'name' | 'file'>,
  step: Name,
  figures: Figures<Name>,
  folder = RECORDS_FOLDER,
): Promise<void> {
  const record = recordOf(name, file, folder)
  const measured_at = `${new Date().toISOString().slice(0, 19)}Z`
  const all: Steps = { ...record.steps, [step]: { mailstorm: manifest.version, measured_at, ...figures } }
  const steps = Object.fromEntries(
    STEP_NAMES.filter((known) => all[known] !== undefined).map((known) => [known, all[known]]),
  )
  mkdirSync(folder, { recursive: true })
  await writeAtomically(pathOf(name, folder), `${JSON.stringify({ ...record, steps }, null, 2)}\n`)
}

function pathOf(name: string, folder: string): string {
  return join(folder, `${name}.json`)
}
