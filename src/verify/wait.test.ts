import { expect, test } from 'vitest'
import { Receipts } from '../ledger/receipts.ts'
import { Account } from './account.ts'
import type { Arrival } from './store.ts'
import { awaitArrivals } from './wait.ts'

const idOf = (message: number) => `run-${message}`
const none = new AbortController().signal

function accountOf(planned: number): Account {
  const receipts = new Receipts({ planned, targetCount: 1 })
  for (let message = 0; message < planned; message++) receipts.add(0, message, idOf(message), 1)
  const mail = { envelopeOf: () => ({ recipients: ['a@x.test'] }) }
  return new Account({ runId: 'run', planned, receipts: receipts.toData(), mail, idOf, startedAtMs: 0 })
}

/** Time passes in pauses alone; each look finds what the script has for it. */
function wait(planned: number, looks: readonly (readonly number[] | Error)[], more = {}) {
  let nowMs = 0
  let looked = 0
  const account = accountOf(planned)
  const store = {
    async *arrivals(): AsyncGenerator<Arrival> {
      const found = looks[looked++] ?? []
      if (found instanceof Error) throw found
      for (const message of found) yield { id: idOf(message), body: 'intact' }
    },
  }
  const clock = { nowMs: () => nowMs, wakeAt: () => () => undefined }
  const pause = async (ms: number) => {
    nowMs += ms
  }
  const options = { store, account, runId: 'run', timeoutMs: 60_000, signal: none, clock, pause, ...more }
  return { account, waited: awaitArrivals(options) }
}

test('ends a second after the last message has arrived, and sees a double that comes right behind', async () => {
  const { account, waited } = wait(2, [[0], [1], [], [1]])
  expect(await waited).toEqual({ end: 'all', waitedMs: 2_500 })
  expect(account.counts()).toMatchObject({ arrived: 2, duplicated: 1 })
})

test('ends when its time is over, with what there is', async () => {
  const { account, waited } = wait(2, [[0]], { timeoutMs: 5_000 })
  expect(await waited).toEqual({ end: 'timeout', waitedMs: 5_000 })
  expect(account.missing).toBe(1)
})

test('goes on after a look that failed, and says why when the last one did', async () => {
  const broken = new Error('connection refused')
  expect(await wait(1, [broken, [0]]).waited).toMatchObject({ end: 'all' })
  const never = wait(1, Array(100).fill(broken), { timeoutMs: 3_000 })
  expect(await never.waited).toEqual({ end: 'unreadable', waitedMs: 3_000, why: 'connection refused' })
})

test('ends at once when it is told to', async () => {
  const { account, waited } = wait(2, [[1]], { signal: AbortSignal.abort() })
  expect(await waited).toEqual({ end: 'interrupted', waitedMs: 0 })
  expect(account.arrived).toBe(1)
})
