import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { Acknowledgements } from './acknowledgements.ts'

test('keeps time and target of each message, to 0.1 ms', () => {
  const kept = Acknowledgements.for(3)
  kept.add(0, 2, 0)
  kept.add(2, 1, 1234.56)
  expect([0, 1, 2, 3].map((message) => kept.msOf(message))).toEqual([0, undefined, 1234.6, undefined])
  expect([kept.targetOf(0), kept.targetOf(2)]).toEqual([2, 1])
})

test('a time of 100 hours fits', () => {
  const kept = Acknowledgements.for(1)
  kept.add(0, 0, 360_000_000)
  expect(kept.msOf(0)).toBe(360_000_000)
})

test('drops what was never planned', () => {
  const kept = Acknowledgements.for(1)
  kept.add(1, 0, 5)
  expect(kept.msOf(1)).toBeUndefined()
})

test('grows where the number of messages is not known, for threads that already share it', async () => {
  const kept = Acknowledgements.for(Number.POSITIVE_INFINITY)
  const module = new URL('acknowledgements.ts', import.meta.url).href
  const worker = new Worker(
    `const { workerData } = require('node:worker_threads')
    import(workerData.module).then(({ Acknowledgements }) => new Acknowledgements(workerData.memory).add(2_000_000, 3, 7))`,
    { eval: true, workerData: { module, memory: kept.memory } },
  )
  kept.add(1_000_000, 1, 5)
  await new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject))
  expect([kept.msOf(1_000_000), kept.msOf(2_000_000), kept.targetOf(2_000_000)]).toEqual([5, 7, 3])
})
