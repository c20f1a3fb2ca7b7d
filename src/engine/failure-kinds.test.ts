import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import {
  type FailureKind,
  FailureKinds,
  failureName,
  failureRows,
  kindsOfRows,
  MOST_KINDS,
  mergeFailureKinds,
  OTHER_TEXTS,
  textPattern,
} from './failure-kinds.ts'
import type { Failure } from './sample.ts'

const rejection = (text: string, enhanced?: string): Failure => ({
  class: 'reply',
  phase: 'envelope',
  code: 550,
  ...(enhanced === undefined ? {} : { enhanced }),
  text,
})

function recorded(failures: readonly Failure[]): FailureKind<number>[] {
  const kinds = new FailureKinds()
  for (const [index, failure] of failures.entries()) kinds.record(failure, 0, 'rejected', index)
  return kinds.rows()
}

const total = (rows: readonly { readonly count: number }[]) => rows.reduce((sum, { count }) => sum + count, 0)

test.for([
  ['550 5.1.1 <bob@a.example>: user unknown', '550 5.1.1 <…>: user unknown'],
  ['550 user bob.jones+1@a.example unknown', '550 user …@… unknown'],
  ['550 blocked: 192.0.2.7 is on a list', '550 blocked: # is on a list'],
  ['550 blocked: [2001:db8::7] is on a list', '550 blocked: # is on a list'],
  ['451 try again in 37 seconds', '451 try again in # seconds'],
  ['452 4.3.1 4Fx9Kz1k2Yz: insufficient storage', '452 4.3.1 #: insufficient storage'],
  ['550 mailbox "bob jones" is gone', '550 mailbox "…" is gone'],
  ["550 mailbox 'bob' can't be found", '550 mailbox "…" can\'t be found'],
  ['connect ECONNREFUSED 127.0.0.1:2525', 'connect ECONNREFUSED #:#'],
  ['451 at 22:23:55 id 0f3e-77ab', '451 at # id #'],
  ['550 blocked by policy id=Qdtsjsxazkh', '550 blocked by policy id=#'],
  ['550 blocked (session_id=abc) by policy', '550 blocked (session_id=#) by policy'],
  ['550 Message-ID: missing', '550 Message-ID: missing'],
  ['550 user unknown', '550 user unknown'],
  ['550', '#'],
  ['no reply within 30000 ms', 'no reply within # ms'],
])('the pattern of "%s" is "%s"', ([text, pattern]) => {
  expect(textPattern(text as string)).toBe(pattern)
})

describe('kinds of failure', () => {
  it('tells texts of one code apart: 1 is unknown, 199 are blocked', () => {
    const blocked = Array.from({ length: 199 }, (_, i) => rejection(`550 blocked: 192.0.2.${i} is on a list`))
    expect(recorded([rejection('550 user unknown'), ...blocked])).toMatchObject([
      { count: 1, text: '550 user unknown' },
      { count: 199, text: '550 blocked: 192.0.2.0 is on a list', pattern: '550 blocked: # is on a list' },
    ])
  })

  it('has no pattern where all texts are the same', () => {
    expect(recorded([rejection('550 no 7'), rejection('550 no 7')])[0]).not.toHaveProperty('pattern')
  })

  it('lists at most its number of kinds, and counts the others of each name together', () => {
    const rows = recorded(Array.from({ length: 4_000 }, (_, i) => rejection('550 no', `5.${i % 63}.${i}`)))
    expect(rows).toHaveLength(MOST_KINDS + 1)
    expect(total(rows)).toBe(4_000)
    const [others] = rows.slice(MOST_KINDS)
    expect(others).toMatchObject({
      text: OTHER_TEXTS,
      code: 550,
      count: 4_000 - total(rows.slice(0, MOST_KINDS)),
    })
    expect(others).not.toHaveProperty('enhanced')
  })

  it('lists what is frequent although it begins when the table is full', () => {
    const noise = Array.from({ length: 2_000 }, (_, i) => rejection('550 no', `5.0.${i}`))
    const late = Array.from({ length: 1_000 }, () => rejection('550 disk full'))
    const row = recorded([...noise, ...late]).find(({ text }) => text === '550 disk full')
    expect(row?.count).toBe(1_000)
    expect(row?.moreAtMost).toBeLessThanOrEqual(2_000 / MOST_KINDS)
  })

  it('names in rows of others the phase and target that all of them share', () => {
    const kinds = new FailureKinds()
    for (let i = 0; i < 1_000; i++) kinds.record(rejection('550 no', `5.0.${i}`), i % 2, 'rejected', i)
    const last = failureRows(kinds.rows(), (target) => `server ${target}`).at(-1)
    expect(last).toMatchObject({ others: true, phase: 'envelope', target: 'several' })
  })

  it('has names of JSON that can be read back', () => {
    const noise = Array.from({ length: 300 }, (_, i) => rejection(`550 to <u${i}@x>`, `5.0.${i % 250}`))
    const rows = failureRows(recorded(noise), () => 'server')
    expect(failureRows(kindsOfRows(rows, 0), (target) => target)).toEqual(rows)
  })
})

/** Few frequent texts among many rare ones, over several recorders. */
const parts = fc.array(
  fc.array(fc.oneof({ weight: 3, arbitrary: fc.nat(3) }, { weight: 5, arbitrary: fc.nat(1_500) }), {
    maxLength: 900,
    size: 'max',
  }),
  { minLength: 1, maxLength: 4 },
)

test('sums are exact and no kind is further off than it says, over any parts', () => {
  fc.assert(
    fc.property(parts, (numbers) => {
      const failures = numbers.map((some) => some.map((number) => rejection('550 no', `5.0.${number}`)))
      const merged = mergeFailureKinds(failures.map(recorded))
      const all = failures.flat()
      expect(total(merged)).toBe(all.length)
      expect(merged.filter(({ others }) => others === undefined).length).toBeLessThanOrEqual(MOST_KINDS)
      const trueCounts = new Map<string, number>()
      for (const { enhanced = '' } of all) trueCounts.set(enhanced, (trueCounts.get(enhanced) ?? 0) + 1)
      const unlisted = merged.find(({ others }) => others !== undefined)?.moreAtMost ?? 0
      for (const [enhanced, count] of trueCounts) {
        const row = merged.find((one) => one.enhanced === enhanced)
        if (row === undefined) expect(count).toBeLessThanOrEqual(unlisted)
        else {
          expect(row.count).toBeLessThanOrEqual(count)
          expect(row.count + (row.moreAtMost ?? 0)).toBeGreaterThanOrEqual(count)
        }
      }
      expect(new Set(merged.map(failureName))).toEqual(new Set(all.map(failureName)))
    }),
    { numRuns: 40 },
  )
})

test('a hostile text takes no time worth mentioning', () => {
  const texts = ['a'.repeat(500), "'".repeat(500), `${'a.'.repeat(249)}@`, ':'.repeat(500), '<'.repeat(500)]
  const fromMs = performance.now()
  for (const text of texts) textPattern(text)
  expect(performance.now() - fromMs).toBeLessThan(200)
})
