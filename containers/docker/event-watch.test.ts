import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import type { Docker } from './dockerode.ts'
import { causeOf, EventWatch } from './event-watch.ts'

test.for([
  [0, false, 'exited with code 0'],
  [3, false, 'exited with code 3'],
  [137, false, 'killed by SIGKILL'],
  [137, true, 'killed for memory (OOM)'],
  [139, false, 'killed by SIGSEGV'],
  [143, false, 'killed by SIGTERM'],
  [1, true, 'exited with code 1'],
  [255, false, 'exited with code 255'],
] as const)('exit code %i, out of memory: %s: %s', ([exitCode, killedForMemory, cause]) => {
  expect(causeOf(exitCode, killedForMemory)).toBe(cause)
})

async function watched() {
  const events = new PassThrough()
  const docker = {
    getEvents: async () => events,
    getContainer: () => ({ inspect: async () => ({ State: { OOMKilled: false } }) }),
  }
  const watch = await EventWatch.open(docker as unknown as Docker, 'id')
  const tell = (Action: string, Attributes = {}) =>
    events.write(`${JSON.stringify({ Action, Actor: { Attributes } })}\n`)
  return { watch, events, tell }
}

test('a container that dies by itself has ended', async () => {
  const { watch, tell } = await watched()
  tell('start')
  tell('die', { exitCode: '3' })
  expect(await watch.ended).toMatchObject({ by: 'exited with code 3' })
  expect(watch.endedBy).toBe('exited with code 3')
})

test('one that was killed does not wait for a restart', async () => {
  const { watch, tell } = await watched()
  tell('kill', { signal: '9' })
  tell('die', { exitCode: '137' })
  const started = performance.now()
  expect(await watch.ended).toMatchObject({ by: 'killed by SIGKILL' })
  expect(performance.now() - started).toBeLessThan(1_000)
})

test('one that was told to stop and starts again was restarted', async () => {
  const { watch, tell } = await watched()
  tell('kill', { signal: '15' })
  tell('die', { exitCode: '0' })
  await new Promise((resolve) => setImmediate(resolve))
  tell('start')
  expect(await watch.ended).toMatchObject({ by: 'restarted from outside (it exited with code 0)' })
})

test('one that was told to stop and does not start again has ended by that', async () => {
  const { watch, tell } = await watched()
  tell('kill', { signal: '15' })
  tell('die', { exitCode: '0' })
  expect(await watch.ended).toMatchObject({ by: 'exited with code 0' })
})

test('an event of memory before the end explains it', async () => {
  const { watch, tell } = await watched()
  tell('oom')
  tell('die', { exitCode: '137' })
  expect(await watch.ended).toMatchObject({ by: 'killed for memory (OOM)' })
  expect(watch.outOfMemory).toBe(1)
})

test('an engine that goes away loses the container from view', async () => {
  const { watch, events } = await watched()
  events.destroy()
  expect(await watch.ended).toMatchObject({
    by: expect.stringMatching(/^lost from view: the container engine/),
  })
})

test('what happens after close() is nobody’s end', async () => {
  const { watch, tell } = await watched()
  watch.close()
  tell('die', { exitCode: '137' })
  expect(await watch.ended).toBeUndefined()
  await new Promise((resolve) => setImmediate(resolve))
  expect(watch.endedBy).toBeUndefined()
})

test('an engine that breaks off within a line loses the container from view, and nothing else', async () => {
  const { watch, events } = await watched()
  events.end('{"Action":"di')
  expect(await watch.ended).toMatchObject({ by: expect.stringMatching(/^lost from view/) })
})

test('an engine whose stream fails loses the container from view, and nothing else', async () => {
  const { watch, events } = await watched()
  events.destroy(new Error('socket hang up'))
  expect(await watch.ended).toMatchObject({ by: expect.stringMatching(/^lost from view/) })
})
