import { setTimeout as after } from 'node:timers/promises'
import { embeddedSmtpServer } from '../../../containers/smtp-server.ts'
import { errorText } from '../../../src/error.ts'
import { LOAD_STEPS, type LoadStep, type StepName } from '../record.ts'
import { type Booted, boot } from './booted.ts'
import { connectionsOf, type Figures, idleOf, offersOf, probeOf, recipientsOf } from './limits.ts'
import { fillStore, keptBy, loadOf, warmUp } from './loads.ts'
import { keep, type Planned } from './plan.ts'
import { saidOf } from './said.ts'

export interface Measuring {
  readonly signal: AbortSignal
  /** A line of progress. */
  readonly say: (line: string) => void
}

/** Catchers drop what is too much a minute later at the latest (Mailpit). */
const KEPT_AFTER_MS = 90_000
const REMIND_EVERY_MS = 60_000

/**
 * Measures what is planned: first all sessions that wait for the end of their idleness, each at a server of its own;
 * beside them one server after another. Resolves with the number of steps that could not be measured.
 */
export async function measure(plans: readonly Planned[], { signal, say }: Measuring): Promise<number> {
  await using ours = await embeddedSmtpServer({ name: 'ours', maxConnections: 1_000 }).start()
  const oursAddress = `${ours.host}:${ours.port}`
  if (plans.some(({ steps }) => steps.some(isLoad))) await warmUp(oursAddress, signal)
  let failed = 0
  const waiting = new Set<string>()

  /** Measures one step, keeps it, and says it; what goes wrong is said, and the next step is measured. */
  async function step<Name extends StepName>(
    plan: Planned,
    name: Name,
    figuresOf: () => Promise<Figures<Name>>,
  ): Promise<boolean> {
    const startedMs = performance.now()
    try {
      const figures = await figuresOf()
      signal.throwIfAborted()
      await keep(plan, name, figures)
      const took = `${Math.round((performance.now() - startedMs) / 1000)} s`
      say(
        lineOf(
          name === 'idle' || name === 'store' ? `${plan.name} ${name}` : name,
          saidOf(name, figures),
          took,
        ),
      )
      return true
    } catch (error) {
      if (signal.aborted) return false
      failed++
      say(lineOf(`${plan.name} ${name}`, `FAILED: ${errorText(error)}`, ''))
      return false
    }
  }

  const pending: Promise<unknown>[] = []
  for (const plan of plans.filter(({ steps }) => steps.includes('idle'))) {
    if (signal.aborted) break
    const server = await bootOr(plan, plan.file.load_arguments)
    if (server === undefined) continue
    waiting.add(plan.name)
    pending.push(
      step(plan, 'idle', () => idleOf(server, signal))
        .finally(() => waiting.delete(plan.name))
        .finally(() => server[Symbol.asyncDispose]()),
    )
  }
  if (waiting.size > 0)
    say(`idle sessions at ${waiting.size} servers, ended by them or after 11 min; meanwhile:`)

  for (const [index, plan] of plans.entries()) {
    if (signal.aborted) break
    const { name, file, steps } = plan
    const active = steps.filter((wanted) => wanted !== 'idle')
    if (active.length === 0) continue
    say(`${file.title} ${file.version} (${index + 1} of ${plans.length})`)
    let server: Booted | undefined
    try {
      for (const wanted of active) {
        if (signal.aborted) break
        if (wanted === 'store') continue
        server ??= await bootOr(plan, file.load_arguments)
        if (server === undefined) break
        const running = server
        if (!(await step(plan, wanted, () => figuresOf(wanted, running)))) {
          // It may have ended, or hang.
          await running[Symbol.asyncDispose]()
          server = undefined
        }
      }
    } finally {
      await server?.[Symbol.asyncDispose]()
    }
    if (active.includes('store') && !signal.aborted) pending.push((await filled(plan)).looked)
    if (signal.aborted) say(`  ${name}: stopped`)
  }

  const isOver = Promise.all(pending).then(() => true)
  while (!(await Promise.race([isOver, after(REMIND_EVERY_MS, false, { ref: false })])))
    if (waiting.size > 0) say(`  idle still: ${[...waiting].join(', ')}`)
  return failed

  async function bootOr(plan: Planned, more: readonly string[]): Promise<Booted | undefined> {
    try {
      return await boot(plan.name, plan.file, more)
    } catch (error) {
      if (signal.aborted) return undefined
      failed++
      say(lineOf(plan.name, `FAILED to start: ${errorText(error)}`, ''))
      return undefined
    }
  }

  function figuresOf<Name extends StepName>(wanted: Name, server: Booted): Promise<Figures<Name>> {
    const asked: Promise<Figures<StepName>> = isLoad(wanted)
      ? loadOf(wanted, server, oursAddress, signal)
      : wanted === 'offers'
        ? offersOf(server)
        : wanted === 'probe'
          ? probeOf(server, signal)
          : wanted === 'recipients'
            ? recipientsOf(server, signal)
            : connectionsOf(server)
    return asked as Promise<Figures<Name>>
  }

  /** Fills it now; what it keeps is looked at again later, beside the rest. */
  async function filled(plan: Planned): Promise<{ readonly looked: Promise<unknown> }> {
    const { counted_by: by, kind, store_arguments: more } = plan.file
    const why = whyNoStore(by, kind)
    if (why !== undefined) return { looked: step(plan, 'store', async () => ({ why_none: why })) }
    const server = await bootOr(plan, more)
    if (server === undefined) return { looked: Promise.resolve() }
    try {
      const { sent, kept } = await fillStore(server, signal)
      const looked = step(plan, 'store', async () => {
        await after(KEPT_AFTER_MS, undefined, { signal })
        const later_seconds = KEPT_AFTER_MS / 1000
        return { sent, kept_at_once: kept, later_seconds, kept_later: await keptBy(server) }
      }).finally(() => server[Symbol.asyncDispose]())
      return { looked }
    } catch (error) {
      await server[Symbol.asyncDispose]()
      const failing = async () => {
        throw error
      }
      return { looked: step(plan, 'store', failing) }
    }
  }
}

function whyNoStore(by: Planned['file']['counted_by'], kind: Planned['file']['kind']): string | undefined {
  if (kind === 'relay') return 'it keeps a queue: nothing stays there'
  return by === 'http' || by === 'files' ? undefined : 'it keeps nothing that could be looked at'
}

function isLoad(step: StepName): step is LoadStep {
  return (LOAD_STEPS as readonly StepName[]).includes(step)
}

const NAME_COLUMNS = 18
const WIDTH = 80

/** `  commands          500 of 500, 0.42 of ours                              3 s` */
export function lineOf(name: string, said: string, took: string): string {
  const head = `  ${name.padEnd(NAME_COLUMNS)} `
  const room = WIDTH - head.length - took.length - 1
  const flat = said.replaceAll(/\s+/g, ' ').trim()
  const cut = flat.length > room ? `${flat.slice(0, room - 1)}…` : flat
  return took === '' ? `${head}${flat}` : `${head}${cut.padEnd(room)} ${took}`
}
