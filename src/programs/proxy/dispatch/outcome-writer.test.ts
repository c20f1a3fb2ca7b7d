import { expect, test } from 'vitest'
import { Log } from '../log.ts'
import { Metrics } from '../metrics.ts'
import type { Session } from '../store/database.ts'
import { OutcomeWriter } from './outcome-writer.ts'

/** Keeps the sizes of the batches; each is committed when the test says so. */
class Commits implements Session {
  readonly sizes: number[] = []
  readonly #done: (() => void)[] = []

  async rows<Row>({ values }: { readonly values?: readonly unknown[] }): Promise<Row[]> {
    const pks = values?.[0] as string[]
    this.sizes.push(pks.length)
    await new Promise<void>((resolve) => this.#done.push(resolve))
    return pks.map((pk) => ({ pk }) as Row)
  }

  commit(): void {
    this.#done.shift()?.()
  }
}

function writing(inFlight: () => number) {
  const commits = new Commits()
  const writer = new OutcomeWriter({ db: commits, log: new Log('silent'), metrics: new Metrics(), inFlight })
  const record = (pk: number) => writer.record({ pk: String(pk), claim: 'c', kind: 'sent', attempted: true })
  return { commits, record }
}

test('writes the outcome of the only message in flight at once', async () => {
  const { commits, record } = writing(() => 1)
  const written = record(1)
  await Promise.resolve()
  await Promise.resolve()
  expect(commits.sizes).toEqual([1])
  commits.commit()
  expect(await written).toBe(true)
})

test('waits until four fifths of the messages in flight have an outcome', async () => {
  const { commits, record } = writing(() => 20)
  const written = Array.from({ length: 16 }, (_, n) => record(n))
  await Promise.resolve()
  await Promise.resolve()
  expect(commits.sizes).toEqual([16])
  commits.commit()
  expect(await Promise.all(written)).toEqual(Array(16).fill(true))
})

test('does not wait for messages whose servers hang', async () => {
  const { commits, record } = writing(() => 100)
  const written = record(1)
  await expect.poll(() => commits.sizes, { interval: 1 }).toEqual([1])
  commits.commit()
  expect(await written).toBe(true)
})

test('writes outcomes that arrive during a commit together', async () => {
  let inFlight = 1
  const { commits, record } = writing(() => inFlight)
  const first = record(1)
  await expect.poll(() => commits.sizes, { interval: 1 }).toEqual([1])
  inFlight = 6
  const others = [2, 3, 4, 5, 6].map(record)
  commits.commit()
  await first
  inFlight = 5
  await expect.poll(() => commits.sizes, { interval: 1 }).toEqual([1, 5])
  commits.commit()
  expect(await Promise.all(others)).toEqual(Array(5).fill(true))
})
