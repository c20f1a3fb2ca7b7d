import type { GenericContainer } from 'testcontainers'
import { MailstormError } from '../../src/error.ts'
import { LOG_LINES_SHOWN, startFailure } from '../service.ts'
import { OutfittedContainer, RunningContainer } from './container.ts'
import type { Engine } from './engine.ts'
import { haveImage } from './image.ts'
import { logTailOf } from './log-tail.ts'
import { IMAGE_WITHIN_MS } from './options.ts'
import { type ContainerPlan, Outfit } from './outfit.ts'
import { reasonOf } from './refusal.ts'
import { gone } from './sweep.ts'
import { within } from './within.ts'

type Make = (outfit: Outfit) => GenericContainer

/** Starts a container and waits until its service is ready; of one that fails nothing stays behind. */
export async function startContainer(
  engine: Engine,
  plan: ContainerPlan,
  make: Make = (outfit) => new OutfittedContainer(outfit),
): Promise<RunningContainer> {
  const { name, image, note } = plan
  const sessionId = await engine.prepare(note)
  await haveImage(engine.client, { image, withinMs: IMAGE_WITHIN_MS, note })
  const network = await engine.network.join(sessionId).catch((error) => {
    throw startFailure(name, reasonOf(error), [])
  })
  const outfit = new Outfit(engine, plan, network)
  try {
    return await boot(engine, outfit, make)
  } catch (error) {
    const failure = await explained(engine, outfit, error)
    // What an engine in trouble cannot remove is swept at the next start; the first error counts.
    await remove(engine, outfit).catch(() => undefined)
    throw failure
  }
}

async function boot(engine: Engine, outfit: Outfit, make: Make): Promise<RunningContainer> {
  const { plan } = outfit
  const starting = make(outfit).start()
  // It goes on in vain when the container has ended already.
  starting.catch(() => undefined)
  const started = await unlessItEnds(outfit, starting)
  const handle = engine.docker.getContainer(started.getId())
  const [watch, inspection] = [await outfit.watch, await handle.inspect()]
  const container = new RunningContainer({ name: plan.name, engine, handle, watch, inspection })
  const late = () => new Error(`it was not ready within ${plan.readyWithinMs} ms`)
  await within(plan.readyWithinMs, late, (signal) => unlessItEnds(outfit, plan.ready(container, signal)))
  return container
}

async function unlessItEnds<T>(outfit: Outfit, work: Promise<T>): Promise<T> {
  const ended = outfit.watch.then(async (watch): Promise<never> => {
    const end = await watch.ended
    throw new Error(`it ${end?.by ?? 'was stopped'}`)
  })
  ended.catch(() => undefined)
  work.catch(() => undefined)
  return Promise.race([work, ended])
}

async function explained(engine: Engine, outfit: Outfit, error: unknown): Promise<MailstormError> {
  if (error instanceof MailstormError) return error
  const { id } = outfit
  // The engine may have gone away, which the first error says.
  const log =
    id === undefined ? [] : await logTailOf(engine.docker.getContainer(id), LOG_LINES_SHOWN).catch(() => [])
  return startFailure(outfit.plan.name, reasonOf(error), log)
}

async function remove(engine: Engine, outfit: Outfit): Promise<void> {
  const { id } = outfit
  if (id !== undefined) {
    await outfit.watch.then(
      (watch) => watch.close(),
      () => undefined,
    )
    await gone(engine.docker.getContainer(id).remove({ force: true, v: true }))
  }
  await engine.network.leave()
}
