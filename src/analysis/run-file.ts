import { readFile } from 'node:fs/promises'
import { MailstormError } from '../error.ts'
import { asBaseline } from './baseline.ts'
import { whyUnreadable } from './folder.ts'
import { secondBySecond } from './long-run.ts'
import { type RunView, viewOf } from './view.ts'

export interface RunFile {
  readonly json: unknown
  readonly view: RunView
}

/** One result file, all of it. Rejects with what is wrong with it. */
export async function readRunFile(file: string): Promise<RunFile> {
  const json = await readJson(file)
  const view = viewOf(file, json)
  if (view !== undefined) return { json, view }
  throw notAResult(file)
}

/** The runs that a file stands for: its own, or those of a baseline. */
export async function readRuns(file: string): Promise<readonly RunView[]> {
  const json = await readJson(file)
  const view = viewOf(file, json)
  if (view !== undefined) return [view]
  const baseline = asBaseline(json)
  if (baseline !== undefined) return baseline.runs
  throw notAResult(file)
}

function notAResult(file: string): MailstormError {
  return new MailstormError(
    'NOT_A_RESULT',
    `Failed to read ${file}: it is JSON, but not the result of a run.`,
    'Results have "test_type" and "metrics"; "npx mailstorm list" shows those of the results folder.',
  )
}

async function readJson(file: string): Promise<unknown> {
  try {
    return secondBySecond(JSON.parse(await readFile(file, 'utf8')))
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    const why = code === 'ENOENT' ? 'there is no such file' : whyUnreadable(error)
    throw new MailstormError(
      'RESULT_NOT_READ',
      `Failed to read ${file}: ${why}.`,
      'See "npx mailstorm list" for the results that there are.',
    )
  }
}
