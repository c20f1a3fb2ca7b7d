import { expect, test } from 'vitest'
import { withVariable } from '../../src/options/process-environment.ts'
import { SharedWork, within } from './waiting.ts'

const never = new Promise<never>(() => {})

test('gives what the work gives, in its time', async () => {
  expect(
    await within(
      1_000,
      () => new Error('late'),
      async () => 7,
    ),
  ).toBe(7)
})

test('gives up work that takes longer, and tells it so', async () => {
  let told: AbortSignal | undefined
  const late = within(
    20,
    () => new Error('late'),
    (signal) => {
      told = signal
      return never
    },
  )
  await expect(late).rejects.toThrow('late')
  expect(told?.aborted).toBe(true)
})

test('passes the error of the work on', async () => {
  await expect(
    within(
      1_000,
      () => new Error('late'),
      () => Promise.reject(new Error('own')),
    ),
  ).rejects.toThrow('own')
})

test('a setting holds while the work runs and no longer, also when it fails', async () => {
  delete process.env.MAILSTORM_TEST
  expect(await withVariable('MAILSTORM_TEST', 'x', async () => process.env.MAILSTORM_TEST)).toBe('x')
  expect('MAILSTORM_TEST' in process.env).toBe(false)
  process.env.MAILSTORM_TEST = 'before'
  await expect(withVariable('MAILSTORM_TEST', 'x', () => Promise.reject(new Error('no')))).rejects.toThrow(
    'no',
  )
  expect(process.env.MAILSTORM_TEST).toBe('before')
  delete process.env.MAILSTORM_TEST
})

test('work asked for twice at a time is done once, and again later', async () => {
  const shared = new SharedWork<number>()
  let times = 0
  const work = async () => ++times
  expect(await Promise.all([shared.do('a', work), shared.do('a', work), shared.do('b', work)])).toEqual([
    1, 1, 2,
  ])
  expect(await shared.do('a', work)).toBe(3)
})

test('work that failed is done again for the next', async () => {
  const shared = new SharedWork<number>()
  await expect(shared.do('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await shared.do('a', async () => 1)).toBe(1)
})
