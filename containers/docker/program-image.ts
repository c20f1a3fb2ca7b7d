import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { MailstormError } from '../../src/error.ts'
import type { Engine } from './engine.ts'
import { finished, hasImage, haveImage, type Progress } from './image.ts'
import { OURS } from './owner.ts'
import { contentHash, filesOf, type ProgramSources } from './program-files.ts'
import { reasonOf } from './refusal.ts'
import { SharedWork } from './shared-work.ts'
import { within } from './within.ts'

export interface ProgramImageOptions {
  /** As `smtp-server`: the image becomes `mailstorm/smtp-server:<hash of its content>`. */
  readonly name: string
  /** Path of the Dockerfile. */
  readonly dockerfile: string
  /** Base image: anything with Node 24. */
  readonly nodeImage: string
  readonly sources: ProgramSources
  /** For its base image, and for the building itself. */
  readonly withinMs: number
  readonly note: (line: string) => void
}

const building = new SharedWork<string>()

/** The image of a program of ours: built once for its content, and found again from then on. */
export async function programImage(engine: Engine, options: ProgramImageOptions): Promise<string> {
  const { name, dockerfile, nodeImage, sources } = options
  const tag = `mailstorm/${name}:${await contentHash(sources, [dockerfile], nodeImage)}`
  return building.do(tag, async () => {
    if (!(await hasImage(engine.client, tag))) await assemble(engine, tag, options)
    return tag
  })
}

async function assemble(engine: Engine, tag: string, options: ProgramImageOptions): Promise<void> {
  const { dockerfile, nodeImage, sources, withinMs, note } = options
  await haveImage(engine.client, { image: nodeImage, withinMs, note })
  note(`Building the container image ${tag} (once) …`)
  const context = await mkdtemp(join(tmpdir(), 'mailstorm-image-'))
  try {
    for (const file of await filesOf(sources))
      await cp(file.from, join(context, file.to), { recursive: true })
    await cp(dockerfile, join(context, basename(dockerfile)))
    const late = () => new Error(`it was not built within ${withinMs / 1000} s`)
    await within(withinMs, late, (signal) => build(engine, tag, { ...options, context, signal }))
  } catch (error) {
    throw new MailstormError('IMAGE', `Failed to build the container image ${tag}: ${reasonOf(error)}.`)
  } finally {
    await rm(context, { recursive: true, force: true })
  }
}

interface Build extends ProgramImageOptions {
  readonly context: string
  readonly signal: AbortSignal
}

/** Testcontainers' own build never ends when the engine refuses it, and keeps the reason to itself. */
async function build(engine: Engine, tag: string, options: Build): Promise<void> {
  const { context, dockerfile, nodeImage, signal } = options
  const stream = await engine.docker.buildImage(
    { context, src: ['.'] },
    {
      t: tag,
      dockerfile: basename(dockerfile),
      buildargs: { NODE_IMAGE: nodeImage },
      labels: { ...OURS },
      forcerm: true,
      abortSignal: signal,
    },
  )
  const lines = await finished(engine.docker, stream)
  // An engine that ends its answer early has said what it was doing until then.
  if (!(await hasImage(engine.client, tag))) throw new Error(`the engine ended it: ${lastWords(lines)}`)
}

function lastWords(lines: readonly Progress[]): string {
  return lines.flatMap(({ stream }) => stream?.trim() || []).at(-1) ?? 'without a word'
}
