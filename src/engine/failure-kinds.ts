import type { FailureRow } from './result.ts'
import type { Failure, Outcome } from './sample.ts'

/**
 * All failures of one kind: target, outcome, class, phase, codes, and what the text says once numbers, ids,
 * addresses and quoted parts are taken out of it. `Target` is an index while it is measured, a name in results.
 */
export interface FailureKind<Target> extends Failure {
  readonly target: Target
  readonly outcome: Outcome
  /** Set when texts that differ stand behind the first one, `text`: what all of them have in common. */
  readonly pattern?: string
  /** Exact, but for `moreAtMost`. */
  readonly count: number
  readonly firstMs: number
  readonly lastMs: number
  /**
   * Set once the table has been full: at most so many more of this kind are counted in a row of `others`.
   * In such a row: no kind that is not listed has occurred more often than this.
   */
  readonly moreAtMost?: number
  /**
   * Kinds that are not listed one by one, by outcome and name in `error_breakdown`. Their `phase` and `target`
   * are those of the first where all agree.
   */
  readonly others?: Others<Target>
}

interface Others<Target> {
  readonly phase: string | undefined
  readonly target: Target | undefined
}

type Row<Target> = { -readonly [K in keyof FailureKind<Target>]: FailureKind<Target>[K] }

/** Kinds that are kept one by one, in memory, in a thread's report and in the JSON. */
export const MOST_KINDS = 200
/** Text of a row that stands for many kinds. */
export const OTHER_TEXTS = 'other texts, not listed one by one'
const REMEMBERED_TEXTS = 1_000
const MOST_PATTERN = 200

/**
 * Counts failures by kind in bounded memory, whatever a target says: "space-saving" counters (Metwally,
 * Agrawal, El Abbadi 2005, 3). A kind that is new when the table is full takes the place of the rarest, whose
 * count goes to the others of its name. So every sum stays exact, frequent kinds are listed whenever they
 * begin, and how many of a listed kind may be among the others is known (`moreAtMost`).
 */
export class FailureKinds {
  readonly #rows = new Map<string, Row<number>>()
  readonly #others = new Map<string, Row<number>>()
  readonly #patterns = new Map<string, string>()
  /** What a kind that is not listed may have been counted at most. */
  #floor = 0

  record(failure: Failure, target: number, outcome: Outcome, atMs: number): void {
    const pattern = this.#patternOf(failure.text)
    const key = kindKey(failure, target, outcome, pattern)
    const row = this.#rows.get(key)
    if (row !== undefined) {
      row.count++
      row.lastMs = Math.max(row.lastMs, atMs)
      if (row.pattern === undefined && row.text !== failure.text) row.pattern = pattern
      return
    }
    if (this.#rows.size >= MOST_KINDS) this.#makeRoom()
    this.#rows.set(key, {
      ...failure,
      target,
      outcome,
      count: 1,
      firstMs: atMs,
      lastMs: atMs,
      ...(this.#floor === 0 ? {} : { moreAtMost: this.#floor }),
    })
  }

  /** A copy: the kinds, then the rows of others. */
  rows(): FailureKind<number>[] {
    const others = [...this.#others.values()].map((row) => ({ ...row, moreAtMost: this.#floor }))
    return [...[...this.#rows.values()].map((row) => ({ ...row })), ...others]
  }

  #makeRoom(): void {
    let rarest: readonly [string, Row<number>] | undefined
    for (const entry of this.#rows)
      if (rarest === undefined || mostOf(entry[1]) < mostOf(rarest[1])) rarest = entry
    if (rarest === undefined) return
    this.#floor = mostOf(rarest[1])
    this.#rows.delete(rarest[0])
    addToOthers(this.#others, rarest[1])
  }

  /** Most failures repeat a text: it is looked at once. */
  #patternOf(text: string): string {
    const known = this.#patterns.get(text)
    if (known !== undefined) return known
    const pattern = textPattern(text)
    if (this.#patterns.size >= REMEMBERED_TEXTS) this.#patterns.clear()
    this.#patterns.set(text, pattern)
    return pattern
  }
}

/**
 * The kinds of several recorders, threads or generators as one table (mergeable summaries: Agarwal et al. 2012,
 * 3). Exact as long as none of them was ever full; beyond that sums are exact and `moreAtMost` bounds the rest.
 */
export function mergeFailureKinds<Target>(
  parts: readonly (readonly FailureKind<Target>[])[],
): FailureKind<Target>[] {
  const floors = parts.map(floorOf)
  const floor = floors.reduce((sum, one) => sum + one, 0)
  const others = new Map<string, Row<Target>>()
  const kinds = new Map<string, { row: FailureKind<Target>; inFloors: number }>()
  for (const [part, rows] of parts.entries()) {
    for (const row of rows) {
      if (row.others !== undefined) {
        addToOthers(others, row)
        continue
      }
      const key = kindKey(row, row.target, row.outcome, textPattern(row.text))
      const seen = kinds.get(key)
      const inFloors = (seen?.inFloors ?? 0) + (floors[part] ?? 0)
      kinds.set(key, { row: seen === undefined ? row : mergeTwo(seen.row, row), inFloors })
    }
  }
  // Where a part does not list a kind, that part's floor bounds what it may hold of it.
  const bounded = [...kinds.values()].map(({ row, inFloors }) => {
    const moreAtMost = (row.moreAtMost ?? 0) + floor - inFloors
    return moreAtMost === 0 ? row : { ...row, moreAtMost }
  })
  if (bounded.length > MOST_KINDS) bounded.sort((a, b) => mostOf(b) - mostOf(a))
  const left = bounded.splice(MOST_KINDS)
  for (const row of left) addToOthers(others, row)
  const most = left.reduce((highest, row) => Math.max(highest, mostOf(row)), floor)
  return [...bounded, ...[...others.values()].map((row) => ({ ...row, moreAtMost: most }))]
}

function floorOf<Target>(rows: readonly FailureKind<Target>[]): number {
  return rows.reduce(
    (most, row) => (row.others === undefined ? most : Math.max(most, row.moreAtMost ?? 0)),
    0,
  )
}

/** The most that this kind can have occurred. */
function mostOf<Target>({ count, moreAtMost = 0 }: FailureKind<Target>): number {
  return count + moreAtMost
}

function mergeTwo<Target>(a: FailureKind<Target>, b: FailureKind<Target>): FailureKind<Target> {
  const { pattern: _ofOne, moreAtMost: _more, ...first } = a.firstMs <= b.firstMs ? a : b
  const differ = a.text !== b.text
  const pattern = a.pattern ?? b.pattern ?? (differ ? textPattern(a.text) : undefined)
  const moreAtMost = (a.moreAtMost ?? 0) + (b.moreAtMost ?? 0)
  return {
    ...first,
    ...(pattern === undefined ? {} : { pattern }),
    count: a.count + b.count,
    lastMs: Math.max(a.lastMs, b.lastMs),
    ...(moreAtMost === 0 ? {} : { moreAtMost }),
  }
}

function addToOthers<Target>(others: Map<string, Row<Target>>, row: FailureKind<Target>): void {
  const key = `${row.outcome} ${failureName(row)}`
  const from = row.others ?? { phase: row.phase, target: row.target }
  const into = others.get(key)
  if (into === undefined) {
    const { pattern: _pattern, enhanced: _enhanced, ...rest } = row
    others.set(key, { ...rest, text: OTHER_TEXTS, others: from })
    return
  }
  into.count += row.count
  into.firstMs = Math.min(into.firstMs, row.firstMs)
  into.lastMs = Math.max(into.lastMs, row.lastMs)
  into.others = {
    phase: into.others?.phase === from.phase ? from.phase : undefined,
    target: into.others?.target === from.target ? from.target : undefined,
  }
}

/** Name in `error_breakdown`: a failure's class, `reply_451` for replies, `timeout_data` for timeouts by phase. */
export function failureName(failure: Failure): string {
  if (failure.class === 'timeout') return `timeout_${failure.phase}`
  return failure.class === 'reply' ? `reply_${failure.code}` : failure.class
}

function kindKey<Target>(failure: Failure, target: Target, outcome: Outcome, pattern: string): string {
  const { class: failureClass, phase, code = '', enhanced = '' } = failure
  return `${target}\n${outcome}\n${failureClass}\n${phase}\n${code}\n${enhanced}\n${pattern}`
}

const SEVERAL = 'several'

/** Kinds as they stand in results: the most frequent first, what is not listed one by one last. */
export function failureRows<Target>(
  kinds: readonly FailureKind<Target>[],
  nameOf: (target: Target) => string,
): FailureRow[] {
  const several = (target: Target | undefined) => (target === undefined ? SEVERAL : nameOf(target))
  return kinds
    .toSorted(
      (a, b) => Number(isOthers(a)) - Number(isOthers(b)) || b.count - a.count || a.firstMs - b.firstMs,
    )
    .map(({ target, phase, firstMs, lastMs, moreAtMost, others, ...row }) => ({
      ...row,
      phase: others === undefined ? phase : (others.phase ?? SEVERAL),
      target: several(others === undefined ? target : others.target),
      first_at_seconds: firstMs / 1000,
      last_at_seconds: lastMs / 1000,
      ...(moreAtMost === undefined ? {} : { more_at_most: moreAtMost }),
      ...(others === undefined ? {} : { others: true as const }),
    }))
}

/** Rows of results as kinds, to be merged; `shiftMs`: from this result's start to the common one. */
export function kindsOfRows(rows: readonly FailureRow[], shiftMs: number): FailureKind<string>[] {
  return rows.map(
    ({ first_at_seconds: first, last_at_seconds: last, more_at_most: more, others, ...row }) => ({
      ...row,
      firstMs: first * 1000 + shiftMs,
      lastMs: last * 1000 + shiftMs,
      ...(more === undefined ? {} : { moreAtMost: more }),
      ...(others === undefined
        ? {}
        : { others: { phase: unlessSeveral(row.phase), target: unlessSeveral(row.target) } }),
    }),
  )
}

function unlessSeveral(name: string): string | undefined {
  return name === SEVERAL ? undefined : name
}

function isOthers<Target>({ others }: FailureKind<Target>): boolean {
  return others !== undefined
}

/** In their order: what an earlier one has replaced is not looked at again. */
const VARIABLE_PARTS: readonly (readonly [RegExp, string])[] = [
  [/"[^"]{0,200}"|(?<![\p{L}\d])'[^']{0,200}'(?![\p{L}\d])|`[^`]{0,200}`/gu, '"…"'],
  [/<[^<>]{0,300}>/gu, '<…>'],
  [/(?<![^\s<>()[\],;:"])[^\s<>()[\],;:"@]+@[^\s<>()[\],;:"]+/gu, '…@…'],
  // IPv6 addresses, times of day, MAC addresses.
  [/\[?(?:[\da-f]{0,4}:){2,7}[\da-f]{0,4}(?:%\w+)?\]?/giu, '#'],
  // An id that says it is one: it need not have a digit.
  [/(?<![\p{L}\d])([\p{L}_-]{0,20}id=)[^\s,;()[\]]+/giu, '$1#'],
  // Numbers, IPv4 addresses, and ids: every word that has a digit in it.
  [/(?<![\p{L}\d_.-])[\p{L}_.-]*\d[\p{L}\d_.-]*/gu, '#'],
  [/(?:# ?){2,}/gu, '# '],
]

/** What a text has in common with others of its kind: variable parts as `#`, `<…>`, `…@…`, `"…"`. */
export function textPattern(text: string): string {
  // The reply code and the enhanced code are not variable parts: they always distinguish replies.
  const [codes = ''] = /^\d{3}(?: [245]\.\d{1,3}\.\d{1,3}(?= ))? /.exec(text) ?? []
  const rest = VARIABLE_PARTS.reduce(
    (said, [part, sign]) => said.replace(part, sign),
    text.slice(codes.length),
  )
  const pattern = `${codes}${rest.trim()}`
  return pattern.length <= MOST_PATTERN ? pattern : pattern.slice(0, MOST_PATTERN).toWellFormed()
}
