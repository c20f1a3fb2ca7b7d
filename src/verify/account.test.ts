import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Acknowledgements } from '../ledger/acknowledgements.ts'
import { Receipts } from '../ledger/receipts.ts'
import { Account, type AccountOptions, type TimedDelivery } from './account.ts'
import type { Arrival } from './store.ts'

const RUN = 'run'
const idOf = (message: number) => `${RUN}-${String(message).padStart(10, '0')}`

interface Plan {
  readonly recipientsOf: (message: number) => readonly string[]
  readonly planned: number
  readonly unacknowledged?: readonly number[]
  readonly refused?: readonly (readonly [message: number, recipient: number])[]
  readonly more?: Partial<AccountOptions>
}

function accountOf({ recipientsOf, planned, unacknowledged = [], refused = [], more }: Plan): Account {
  const receipts = new Receipts({ planned, targetCount: 1 })
  for (let message = 0; message < planned; message++)
    if (!unacknowledged.includes(message)) receipts.add(0, message, idOf(message), 1)
  for (const [message, recipient] of refused) receipts.refuse(message, recipient)
  const mail = { envelopeOf: (message: number) => ({ recipients: recipientsOf(message) }) }
  return new Account({
    runId: RUN,
    planned,
    receipts: receipts.toData(),
    mail,
    idOf,
    startedAtMs: 0,
    ...more,
  })
}

function copy(message: number, recipient?: string, more: Partial<Arrival> = {}): Arrival {
  return { id: idOf(message), body: 'intact', recipient, ...more }
}

const toOne = () => ['a@x.test']
const toTwo = () => ['a@x.test', 'b@x.test']

test('tells lost, duplicated, misrouted, bounced and unacknowledged apart', () => {
  const account = accountOf({ planned: 6, recipientsOf: toOne, unacknowledged: [5] })
  const bounce = { status: '5.1.1', recipient: 'a@x.test', text: '550 no such user' }
  account.add(copy(0, 'a@x.test'))
  account.add(copy(1, 'a@x.test'))
  account.add(copy(1, 'a@x.test'))
  account.add(copy(2, 'b@x.test'))
  account.add(copy(3, undefined, { bounce }))
  account.add(copy(5, 'a@x.test'))
  expect(account.counts()).toEqual({
    expected: 5,
    arrived: 2,
    missing: 2,
    duplicated: 1,
    corrupted: 0,
    reencoded: 0,
    unjudged: 0,
    misrouted: 1,
    bounced: 1,
    unacknowledged: 1,
    copies: 5,
  })
  expect(account.ids()).toMatchObject({
    missing: [idOf(2), idOf(4)],
    duplicated: [idOf(1)],
    misrouted: [idOf(2)],
    bounced: [idOf(3)],
  })
  expect(account.bounceKinds()).toEqual([{ ...bounce, count: 1 }])
})

test('accounts for each recipient, and expects nothing of those that were refused', () => {
  const account = accountOf({ planned: 2, recipientsOf: toTwo, refused: [[1, 0]] })
  expect(account.expected).toBe(3)
  account.add(copy(0, 'A@X.test'))
  account.add(copy(1, 'b@x.test'))
  expect(account.counts()).toMatchObject({ arrived: 2, missing: 1, misrouted: 0 })
  account.add(copy(1, 'a@x.test'))
  expect(account.counts()).toMatchObject({ arrived: 2, missing: 1, misrouted: 0, unacknowledged: 1 })
})

test('a mailbox without an owner takes a copy for each recipient, and one more is a double', () => {
  const account = accountOf({ planned: 1, recipientsOf: toTwo })
  account.add(copy(0))
  account.add(copy(0))
  expect(account.counts()).toMatchObject({ arrived: 2, missing: 0, duplicated: 0 })
  account.add(copy(0))
  expect(account.counts()).toMatchObject({ arrived: 2, duplicated: 1 })
})

test('a mailbox that is known by its user alone is its recipient', () => {
  const account = accountOf({ planned: 1, recipientsOf: toTwo })
  account.add(copy(0, 'b'))
  account.add(copy(0, 'c'))
  expect(account.counts()).toMatchObject({ arrived: 1, misrouted: 1 })
})

test('an address that stands twice in an envelope waits for two copies', () => {
  const account = accountOf({ planned: 1, recipientsOf: () => ['a@x.test', 'a@x.test'] })
  account.add(copy(0, 'a@x.test'))
  expect(account.missing).toBe(1)
  account.add(copy(0, 'a@x.test'))
  expect(account.counts()).toMatchObject({ missing: 0, duplicated: 0 })
})

test('what is only encoded otherwise is no damage, and a second look can tell that too', () => {
  const account = accountOf({ planned: 3, recipientsOf: toOne })
  account.add(copy(0, 'a@x.test', { body: 'reencoded' }))
  account.add(copy(1, 'a@x.test', { body: 'damaged' }))
  account.add(copy(2, 'a@x.test', { body: 'damaged' }))
  expect(account.damagedIds).toEqual([idOf(1), idOf(2)])
  account.absolve(idOf(2))
  account.absolve(idOf(2))
  expect(account.counts()).toMatchObject({ corrupted: 1, reencoded: 2 })
  expect(account.ids().corrupted).toEqual([idOf(1)])
})

test('ids that are none of the plan were never acknowledged', () => {
  const account = accountOf({ planned: 1, recipientsOf: toOne })
  for (const id of ['run-7', 'run-x', 'run-', 'run-1e0']) account.add({ id, body: 'intact' })
  expect(account.counts()).toMatchObject({ unacknowledged: 4, copies: 4, arrived: 0, missing: 1 })
})

test('times the first copy for each recipient from its acknowledgement', () => {
  const acknowledged = Acknowledgements.for(2)
  acknowledged.add(1, 3, 250)
  const told: TimedDelivery[] = []
  const account = accountOf({
    planned: 2,
    recipientsOf: toTwo,
    more: { acknowledged, startedAtMs: 1_000_000, onDelivered: (delivery) => told.push(delivery) },
  })
  account.add(copy(1, 'a@x.test', { arrivedAtMs: 1_000_750 }))
  account.add(copy(1, 'a@x.test', { arrivedAtMs: 1_000_900 }))
  account.add(copy(1, 'b@x.test'))
  expect(told).toEqual([{ target: 3, acknowledgedMs: 250, arrivedMs: 750 }])
  const acknowledgements: (readonly [number, number])[] = []
  account.acknowledgements((...one) => acknowledgements.push(one))
  expect(acknowledgements).toEqual([[250, 2]])
})

test('a million messages of various recipients take a byte each for a recipient', () => {
  const recipients = ['a@x.test', 'b@x.test', 'c@x.test']
  const lists = [1, 2, 3].map((count) => recipients.slice(0, count))
  const recipientsOf = (message: number) => lists[message % 3] ?? []
  const planned = 1_000_000
  const receipts = new Receipts({ planned, targetCount: 1 }).toData()
  const all = { ...receipts, acknowledged: receipts.acknowledged.fill(255) }
  const before = process.memoryUsage()
  const mail = { envelopeOf: (message: number) => ({ recipients: recipientsOf(message) }) }
  const account = new Account({ runId: RUN, planned, receipts: all, mail, idOf, startedAtMs: 0 })
  for (let message = 0; message < planned; message++)
    for (const recipient of recipientsOf(message)) account.add(copy(message, recipient))
  expect(account.counts()).toMatchObject({ missing: 0, arrived: 1_999_999, duplicated: 0, misrouted: 0 })
  const after = process.memoryUsage()
  expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(8_000_000)
})

test('whatever arrives, every expected message arrived, bounced or is missing', () => {
  const arrival = fc.record({
    message: fc.nat(7),
    recipient: fc.constantFrom(undefined, 'a@x.test', 'b@x.test', 'c@x.test', 'z@x.test'),
    bounces: fc.boolean(),
  })
  const plan = fc.record({
    sizes: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 6 }),
    unacknowledged: fc.array(fc.nat(5)),
    arrivals: fc.array(arrival, { maxLength: 30 }),
  })
  fc.assert(
    fc.property(plan, ({ sizes, unacknowledged, arrivals }) => {
      const recipients = ['a@x.test', 'b@x.test', 'c@x.test']
      const recipientsOf = (message: number) => recipients.slice(0, sizes[message] ?? 0)
      const account = accountOf({ planned: sizes.length, recipientsOf, unacknowledged })
      for (const { message, recipient, bounces } of arrivals) {
        const bounce = { status: undefined, recipient: recipient ?? 'a@x.test', text: '' }
        account.add(copy(message, recipient, bounces ? { bounce } : {}))
      }
      const counts = account.counts()
      const due = sizes.filter((_, message) => !unacknowledged.includes(message))
      expect(counts.expected).toBe(due.reduce((sum, size) => sum + size, 0))
      expect(counts.missing).toBeGreaterThanOrEqual(counts.expected - counts.arrived - counts.bounced)
      expect(counts.missing).toBeLessThanOrEqual(counts.expected - Math.max(counts.arrived, counts.bounced))
      expect(counts.copies).toBe(arrivals.filter(({ bounces }) => !bounces).length)
    }),
  )
})
