import type { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { startEmbeddedFleet } from '../../containers/fleet.ts'
import { type LoadOptions, runLoad } from './load.ts'

const LOAD = {
  targets: ['127.0.0.1:1'],
  executor: 'shared-iterations',
  messages: 1,
  workers: 1,
  size: 'small',
} as const

/** As from a script in JavaScript, which no compiler has seen. */
const load = (change: object) => runLoad({ ...LOAD, ...change } as LoadOptions)

test('without options it says what is missing', async () => {
  await expect((runLoad as () => Promise<unknown>)()).rejects.toThrow('targets is missing')
})

test.each([
  [{ retryDelay: 1 }, 'there is no field retryDelay. Did you mean retryDelaySeconds?'],
  [{ thread: 2 }, 'there is no field thread. Did you mean threads?'],
  [{ targets: undefined }, 'targets is missing'],
  [{ targets: '127.0.0.1:25' }, 'targets is not a list of texts.'],
  [{ allowPublicTargets: 'false' }, 'allowPublicTargets is not true or false.'],
  [{ thresholds: 'lost==0' }, 'thresholds is not a list of texts.'],
])('a load with %o is refused before anything is dialled', async (change, why) => {
  await expect(load(change)).rejects.toMatchObject({
    code: 'BAD_SCENARIO',
    message: expect.stringContaining(why),
  })
})

test('a load leaves no thread behind', async () => {
  const fleet = await startEmbeddedFleet({ servers: 1 })
  const threads: Worker[] = []
  const started = (thread: Worker): unknown => threads.push(thread)
  process.on('worker', started)
  try {
    await load({ targets: fleet.servers.map(({ port }) => `127.0.0.1:${port}`) })
  } finally {
    process.off('worker', started)
    await fleet.stop()
  }
  expect(threads.length).toBeGreaterThan(0)
  // -1: it has ended.
  expect(new Set(threads.map(({ threadId }) => threadId))).toEqual(new Set([-1]))
})
