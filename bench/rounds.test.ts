import { expect, it } from 'vitest'
import type { Client } from './clients/list.ts'
import { measureRounds } from './rounds.ts'

it('takes the clients in turn, so that noise hits all alike, each with its share of the messages', async () => {
  const runs: string[] = []
  const ended: string[] = []
  const client = (name: Client['name'], share: number, seconds: readonly number[]): Client => ({
    name,
    share,
    start: async ({ messages, warmUpMessages }) => ({
      run: async () => {
        const nth = runs.filter((run) => run.startsWith(name)).length
        runs.push(`${name} ${messages} after ${warmUpMessages}`)
        return { messages, seconds: seconds[nth] as number, cpuSeconds: 1 }
      },
      [Symbol.asyncDispose]: async () => {
        ended.push(name)
      },
    }),
  })
  const rows = await measureRounds({
    clients: [client('commands', 2, [1, 2, 4]), client('smtp-source', 0.5, [1, 1, 1])],
    rounds: 3,
    port: 25,
    sizeBytes: 1_024,
    messages: 10_000,
  })
  expect(runs).toEqual(Array(3).fill(['commands 20000 after 10000', 'smtp-source 5000 after 4000']).flat())
  expect(ended.sort()).toEqual(['commands', 'smtp-source'])
  expect(rows.map(({ client, rate, cpu }) => [client, rate, cpu])).toEqual([
    ['commands', { median: 10_000, min: 5_000, max: 20_000 }, { median: 0.05, min: 0.05, max: 0.05 }],
    ['smtp-source', { median: 5_000, min: 5_000, max: 5_000 }, { median: 0.2, min: 0.2, max: 0.2 }],
  ])
})
