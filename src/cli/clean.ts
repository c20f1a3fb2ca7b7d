import { readdir, rm } from 'node:fs/promises'
import { createInterface } from 'node:readline/promises'
import { connectEngine } from '../../containers/docker/connect.ts'
import { readState, removeState } from '../../containers/keeper/state.ts'
import { MailstormError } from '../error.ts'
import { readOptions } from '../options/options.ts'
import { packageCommand } from '../packages.ts'
import { pidOf } from '../processes.ts'
import { counted } from '../report/format.ts'

export interface CleanOptions {
  readonly results?: boolean
  readonly keepResults?: boolean
}

/** Removes leftovers of runs and `start`: containers, networks, volumes, images; results only when asked to. */
export async function clean(options: CleanOptions): Promise<void> {
  const root = process.cwd()
  const state = await readState(root)
  if (state !== undefined) {
    throw new MailstormError(
      'STILL_RUNNING',
      `Failed to clean: process ${pidOf(state.keeper)} is still running services for this folder.`,
      `Stop them first: ${packageCommand('mailstorm stop')}.`,
    )
  }
  await removeState(root)
  await cleanEngine()
  await cleanResults(options, readOptions().resultsDir)
}

async function cleanEngine(): Promise<void> {
  try {
    const engine = await connectEngine()
    const { removeUnused } = await import('../../containers/docker/owner.ts')
    const removed = await removeUnused(engine.client.container.dockerode)
    console.log(
      removed.length === 0
        ? 'Nothing of mailstorm in the container engine.'
        : `Removed: ${removed.join(', ')}`,
    )
  } catch (error) {
    if (!(error instanceof MailstormError)) throw error
    console.log('No container engine answers, so there are no containers to remove.')
  }
}

async function cleanResults(
  { results = false, keepResults = false }: CleanOptions,
  folder: string,
): Promise<void> {
  const files = await readdir(folder).catch(() => [])
  const ours = files.filter((name) =>
    /^(\d{8}-\d{6}-.*\.(json|md|tar\.gz)|latest\.json|junit\.xml)$/.test(name),
  )
  if (keepResults || ours.length === 0) return
  if (!results && !(await confirmed(`Remove ${counted(ours.length, 'result file')} in ${folder}? [y/N] `))) {
    console.log(`Results stay: ${counted(ours.length, 'result file')} in ${folder}.`)
    return
  }
  await Promise.all(ours.map((name) => rm(`${folder}/${name}`)))
  console.log(`Removed ${counted(ours.length, 'result file')}.`)
}

/** No, when there is no terminal to ask on. */
async function confirmed(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) return false
  const prompt = createInterface({ input: process.stdin, output: process.stdout })
  const answer = await prompt.question(question)
  prompt.close()
  return /^y(es)?$/i.test(answer.trim())
}
