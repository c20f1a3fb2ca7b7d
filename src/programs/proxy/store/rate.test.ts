import { expect, test } from 'vitest'
import { decide, type Slot } from './rate.ts'

const SECOND = 1_000
const limits = { minute: 3, hour: null, day: null, behavior: 'defer' } as const
const mailed = (...agesS: number[]): Slot[] => agesS.map((age) => ({ ageMs: age * SECOND, reserved: false }))
const reserved: Slot = { ageMs: -30 * SECOND, reserved: true }

const shown = (slots: readonly Slot[], count: number, of: object = {}) =>
  decide([{ slots, limits: { ...limits, ...of } }], count).map((one) =>
    one.kind === 'waits' ? one.ms / SECOND : one.kind,
  )

test.each([
  ['no slot is taken', [], 2, ['admitted', 'admitted']],
  ['the limit is left', mailed(10), 2, ['admitted', 'admitted']],
  ['the limit is reached', mailed(10, 20, 50), 2, [10, 40]],
  ['the rest of the limit is given', mailed(10, 20), 3, ['admitted', 40, 50]],
  ['a slot has left the window', mailed(10, 20, 60), 1, ['admitted']],
  ['a message waits for one of the same call that waits', mailed(10, 20, 50), 4, [10, 40, 50, 70]],
  [
    'a message waits for one of the same call that may not be sent',
    [],
    4,
    [...Array(3).fill('admitted'), 'undecided'],
  ],
  ['a slot is reserved that decides', [reserved, ...mailed(10, 20)], 3, [40, 50, 'undecided']],
])('when %s', (_what, slots, count, expected) => {
  expect(shown(slots, count)).toEqual(expected)
})

test('waits for the window that takes longest', () => {
  expect(shown(mailed(10, 20), 1, { minute: 2, hour: 2 })).toEqual([3_580])
})

test('waits for a known time rather than for undecided slots', () => {
  expect(shown([reserved, ...mailed(100)], 1, { minute: 1, hour: 2 })).toEqual([3_500])
})

test.each([null, 0])('has no limit with %s', (minute) => {
  expect(shown(mailed(1, 2, 3), 1, { minute })).toEqual(['admitted'])
})

test('rejects messages that would have to wait, when configured so', () => {
  expect(decide([{ slots: mailed(1, 2, 3), limits: { ...limits, behavior: 'reject' } }], 1)).toEqual([
    { kind: 'waits', ms: 57_000, rejects: true },
  ])
})

test('keeps to the limits of the account and of its tenant, whichever takes longer', () => {
  const account = { slots: mailed(10), limits: { ...limits, minute: 2 } }
  const tenant = { slots: mailed(10, 600, 1_200), limits: { ...limits, minute: null, hour: 4 } }
  const wait = (one: ReturnType<typeof decide>[number]) => (one.kind === 'waits' ? one.ms / SECOND : one.kind)
  expect(decide([account, tenant], 3).map(wait)).toEqual(['admitted', 2_400, 3_000])
  const rejecting = { ...account, limits: { ...account.limits, behavior: 'reject' as const } }
  expect(decide([rejecting, tenant], 2)[1]).toMatchObject({ rejects: true })
  const free = { slots: [], limits: { ...limits, minute: null, behavior: 'reject' as const } }
  expect(decide([free, { ...tenant, slots: mailed(1, 2, 3, 4) }], 1)).toMatchObject([{ rejects: false }])
})
