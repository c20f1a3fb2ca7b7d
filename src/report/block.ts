import type { Result } from '../engine/result.ts'
import type { Chart } from './html/charts/chart.ts'

/**
 * What a report says, once, for all that write it. A kind of run makes a `Document` of its result; the writers
 * (terminal, Markdown, HTML) print its blocks and know no metric. Texts are as they came: each writer
 * escapes what it writes. Hints may be used or ignored by a writer.
 */
export interface Document {
  readonly head: Head
  /** What decides: where one looks first, at the head of a page and, in reverse order, at the end of a terminal. */
  readonly conclusion: readonly Block[]
  readonly body: readonly Block[]
}

export type Medium = 'text' | 'markdown' | 'html'

/** A hint of what only some writers show. */
interface Shown {
  readonly in?: readonly Medium[] | undefined
}

/** For what is read at leisure, and would drown a terminal. */
export const PAGES = ['markdown', 'html'] as const

/** What was run, and how it went. */
export interface Head {
  readonly name: string
  readonly stamp: string
  /** Undefined of what is told and not judged. */
  readonly verdict: Result['verdict'] | undefined
  /** Why the verdict is what it is, or what was looked at, in a line. */
  readonly reason: string
  /** Why the run did not come to its end; undefined when it did. */
  readonly stoppedEarly: string | undefined
  readonly facts: readonly Fact[]
}

/** A part of a report with a title, and a link to it in the bar of a page. */
export interface Block extends Shown {
  readonly title: string
  /** How to read it, in a sentence; and where it is said, by default everywhere. */
  readonly note?: string | undefined
  readonly noteIn?: readonly Medium[]
  /** Markdown folds it: for those who want to know. */
  readonly folded?: true
  /** Long, and for the few things that one asks about: a page opens it below these words. */
  readonly closed?: string
  /** A page links to it at its top. */
  readonly linked?: true
  readonly parts: readonly Part[]
}

export type Part = Facts | Table | Cards | Charts | Remarks | Findings | Events | Calm

/** Names with values, a line to each. */
export interface Facts extends Shown {
  readonly kind: 'facts'
  readonly facts: readonly Fact[]
}

export interface Fact extends Shown {
  /** A fact with the label of the one before it goes on with that. */
  readonly label: string
  readonly value: string
}

export interface Table extends Shown {
  readonly kind: 'table'
  /** What it holds, for those who hear the page; by default the title of the block. */
  readonly caption?: string
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly Cell[])[]
  /** Rows that are shown however many there are: sums, and what is counted together. */
  readonly last?: readonly (readonly Cell[])[]
  /** Of a table that may be long: what the last rows are, of which a writer has no room for `hidden`. */
  readonly rest?: (hidden: number) => string
  /** A terminal has its columns as lines. */
  readonly upright?: true
}

export interface Column extends Shown {
  /** In lower case unless it is a name. */
  readonly title: string
  /** For a terminal, where the title is long for its cells. */
  readonly short?: string
  readonly align: 'left' | 'right'
  /** How long a cell may be; longer ones are cut. */
  readonly most?: number
  /** Of texts that may be long: they break between words, in a terminal below their row if it is the last column. */
  readonly long?: true
}

export type Tone = 'good' | 'bad' | 'warn' | 'dim'

/** A text, or one with hints. */
export type Cell = string | RichCell

export interface RichCell {
  readonly text: string
  readonly tone?: Tone
  /** Before the text where there are no colours. */
  readonly sign?: string
  /** Before the text everywhere, in its tone, with the word that it stands for. */
  readonly mark?: { readonly sign: string; readonly word: string }
  /** A judgement, which a terminal says loud when it is bad. */
  readonly judged?: true
  /** As somebody wrote it, in a suite or to a server. */
  readonly code?: true
  /** Behind it and less important; a terminal goes without. */
  readonly more?: string
  /** The part of a whole, 0 to 1, as a bar behind the text. */
  readonly share?: number | null
  /** The part of the run, each end 0 to 1, as a bar before the text. */
  readonly span?: readonly [from: number, to: number]
  /** A tone of the charts, as a swatch before the text. */
  readonly swatch?: string
}

/** The few figures that are looked at first, in rows. */
export interface Cards extends Shown {
  readonly kind: 'cards'
  readonly rows: readonly (readonly Card[])[]
}

export interface Card {
  readonly id: string
  readonly label: string
  /** With its unit, as `41.20 ms`. */
  readonly value: string
  readonly detail?: string
}

/** Only pages draw them. */
export interface Charts extends Shown {
  readonly kind: 'charts'
  /** Where on the page those charts stand that name this place. */
  readonly place: string
  readonly charts: readonly Chart[]
}

/** Sentences. */
export interface Remarks extends Shown {
  readonly kind: 'remarks'
  readonly remarks: readonly Remark[]
}

export interface Remark extends Shown {
  readonly text: string
  readonly tone?: Tone
}

/** What was found, each with what is known of it. */
export interface Findings extends Shown {
  readonly kind: 'findings'
  readonly findings: readonly {
    readonly title: string
    /** One word, as `critical`. */
    readonly grade: string
    readonly tone: Tone
    readonly rule: string
    readonly facts: readonly Fact[]
  }[]
}

/** What happened, and when; its number stands at a line in the charts. */
export interface Events extends Shown {
  readonly kind: 'events'
  readonly events: readonly { readonly at_seconds: number; readonly what: string }[]
}

/** A page says that there was nothing. */
export interface Calm extends Shown {
  readonly kind: 'calm'
  readonly text: string
}

/** Columns from short words: `left('scenario')`, `right('p99')`. */
export function left(title: string, hints: Partial<Column> = {}): Column {
  return { title, align: 'left', ...hints }
}

export function right(title: string, hints: Partial<Column> = {}): Column {
  return { title, align: 'right', ...hints }
}

export function textOf(cell: Cell): string {
  return typeof cell === 'string' ? cell : cell.text
}

export function facts(list: readonly Fact[], shown: Shown = {}): Facts {
  return { kind: 'facts', facts: list, ...shown }
}

/** Labels with values, as facts. */
export function factsFrom(entries: readonly (readonly [label: string, value: string])[]): Fact[] {
  return entries.map(([label, value]) => ({ label, value }))
}

/** A table, or nothing where it has no rows. Of long texts the column is left out when there are none. */
export function table(columns: readonly Column[], rows: Table['rows'], hints: Partial<Table> = {}): Table[] {
  const all = [...rows, ...(hints.last ?? [])]
  if (all.length === 0) return []
  const isEmpty = (index: number) => all.every((row) => hasNothing(row[index] ?? ''))
  const kept = columns.map(({ long }, index) => long !== true || !isEmpty(index))
  return [columnsWhere(kept, { kind: 'table', columns, rows, ...hints })]
}

function hasNothing(cell: Cell): boolean {
  return textOf(cell) === '' && (typeof cell === 'string' || cell.mark === undefined)
}

/** The same without columns of which no row says anything. */
export function withoutEmptyColumns(one: Table, isEmpty: (text: string) => boolean): Table {
  const isKept = (index: number) => one.rows.some((row) => !isEmpty(textOf(row[index] ?? '')))
  return columnsWhere(
    one.columns.map((_, index) => isKept(index)),
    one,
  )
}

function columnsWhere(kept: readonly boolean[], one: Table): Table {
  const pick = <T>(cells: readonly T[]) => cells.filter((_, index) => kept[index])
  const { columns, rows, last } = one
  const picked = { ...one, columns: pick(columns), rows: rows.map(pick) }
  return last === undefined ? picked : { ...picked, last: last.map(pick) }
}

/** What one writer shows of blocks: without what is for others, and without blocks that have nothing left. */
export function blocksFor(medium: Medium, blocks: readonly Block[]): Block[] {
  return shownIn(medium, blocks)
    .map((block) => ({
      ...block,
      note: isShownIn(medium, { in: block.noteIn }) ? block.note : undefined,
      parts: shownIn(medium, block.parts).flatMap((part) => partFor(medium, part)),
    }))
    .filter(({ parts }) => parts.length > 0)
}

/** Nothing where a part has nothing left. */
function partFor(medium: Medium, part: Part): Part[] {
  if (part.kind === 'facts') {
    const facts = shownIn(medium, part.facts)
    return facts.length === 0 ? [] : [{ ...part, facts }]
  }
  if (part.kind === 'remarks') {
    const remarks = shownIn(medium, part.remarks)
    return remarks.length === 0 ? [] : [{ ...part, remarks }]
  }
  if (part.kind === 'charts') return medium === 'html' && part.charts.length > 0 ? [part] : []
  if (part.kind !== 'table') return [part]
  const kept = part.columns.map((column) => isShownIn(medium, column))
  return [columnsWhere(kept, part)]
}

export function shownIn<T extends Shown>(medium: Medium, all: readonly T[]): T[] {
  return all.filter((one) => isShownIn(medium, one))
}

function isShownIn(medium: Medium, { in: media }: Shown): boolean {
  return media === undefined || media.includes(medium)
}

/** As many rows as a writer has room for, those that are always shown, and what the others are. */
export function rowsWithin(
  { rows, last = [], rest }: Table,
  most: number,
): { readonly shown: Table['rows']; readonly hidden: string } {
  if (rest === undefined || rows.length <= most) return { shown: [...rows, ...last], hidden: '' }
  return { shown: [...rows.slice(0, most), ...last], hidden: rest(rows.length - most) }
}

/** For heads of tables: not of `p99` and `ms`, which are names. */
export function capital(title: string): string {
  return /^(?:p\d|ms\b)/.test(title) ? title : title.charAt(0).toUpperCase() + title.slice(1)
}
