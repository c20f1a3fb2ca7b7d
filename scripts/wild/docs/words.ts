import { count } from '../../../src/report/format.ts'
import { figuresOf, type LoadStep, type ServerRecord } from '../record.ts'

/** What was measured, in as few words as a cell of a table has room for. Texts of servers are not escaped here. */

/** Not measured yet. */
export const NOTHING = ''

/** The reason why there is no figure, for those who ask. */
function whyNone(record: ServerRecord, step: keyof ServerRecord['steps']): string | undefined {
  const found = record.steps[step]
  return found !== undefined && 'why_none' in found ? found.why_none : undefined
}

/** Over ours; `–` where the shape was not to be had. */
export function ratioOf(record: ServerRecord, step: LoadStep): { readonly ratio: number } | string {
  const load = figuresOf(record, step)
  if (load === undefined) return whyNone(record, step) === undefined ? NOTHING : '–'
  if (load.accepted === 0) return 'none taken'
  return load.relative === undefined ? `as ${load.pipelining}` : { ratio: load.relative }
}

/** `0.45`, `12`, `0.004`. */
export function times(ratio: number): string {
  if (ratio >= 10) return String(Math.round(ratio))
  return ratio < 0.01 ? ratio.toPrecision(1) : ratio.toFixed(2)
}

/** ` (0.41–0.52)`: the least and the greatest of the rounds. */
export function spreadText({
  relative_from: from,
  relative_to: to,
}: {
  readonly relative_from?: number | undefined
  readonly relative_to?: number | undefined
}): string {
  if (from === undefined || to === undefined || times(from) === times(to)) return ''
  return ` (${times(from)}–${times(to)})`
}

/** `490 of 500: 10 × 452 too many`; nothing where all were accepted. */
export function shortfallText(record: ServerRecord, step: LoadStep): string {
  const load = figuresOf(record, step)
  if (load === undefined) return ''
  const refused =
    load.recipients_refused === 0
      ? ''
      : `${count(load.recipients_refused)} recipients of accepted messages refused`
  if (load.accepted === load.messages) return refused
  const why = load.failures.map((failure) => `${count(failure.count)} × ${failure.text}`)
  const rest = load.not_reached === 0 ? [] : [`${count(load.not_reached)} not begun within 60 s`]
  return [`${count(load.accepted)} of ${count(load.messages)}: ${[...why, ...rest].join('; ')}`, refused]
    .filter((text) => text !== '')
    .join('; ')
}

/** What it counts itself beside what it acknowledged; undefined where nothing can be counted. */
export function countedText(
  record: ServerRecord,
  step: LoadStep,
): { readonly text: string; readonly isSame: boolean } | undefined {
  const counted = figuresOf(record, step)?.counted
  if (counted === undefined || 'why_none' in counted) return undefined
  const { messages, acknowledged_messages, recipients, acknowledged_recipients } = counted
  const parts = [
    differenceText(messages, acknowledged_messages, 'messages'),
    differenceText(recipients, acknowledged_recipients, 'recipients'),
  ].filter((part) => part !== undefined)
  const isSame = parts.every((part) => part.isSame)
  return { isSame, text: parts.map((part) => part.text).join(', ') }
}

function differenceText(own: number | null, acknowledged: number, noun: string) {
  if (own === null) return undefined
  const isSame = own === acknowledged
  return {
    isSame,
    text: isSame ? `${count(own)} ${noun}` : `${count(own)} ${noun} of ${count(acknowledged)}`,
  }
}

/** `300 s, 421`. */
export function idleText(record: ServerRecord): string {
  const idle = figuresOf(record, 'idle')
  if (idle === undefined) return NOTHING
  const places = [
    ['', idle.after_ehlo],
    ['greeting', idle.after_greeting],
    ['message', idle.within_message],
  ] as const
  const [main = '', ...others] = places.map(([, silence]) => silenceText(silence, idle.bound_seconds))
  const different = others.flatMap((text, index) =>
    text === main ? [] : [`${places[index + 1]?.[0]}: ${text}`],
  )
  return different.length === 0 ? main : `${main}; ${different.join('; ')}`
}

function silenceText(
  { seconds, how }: { readonly seconds: number | null; readonly how: string },
  bound: number,
): string {
  if (how === 'stays') return `> ${bound} s`
  if (seconds === null) return how
  return `${Math.round(seconds)} s, ${how}`
}

/** `100, then 452 4.5.3 Too many recipients`, `2,000+`. */
export function recipientsText(record: ServerRecord): string {
  return limitText(figuresOf(record, 'recipients'), 'accepted')
}

/** `20, then 421`, `200+`. */
export function connectionsText(record: ServerRecord): string {
  return limitText(figuresOf(record, 'connections'), 'greeted')
}

/** Without its words: `100, then 452`; `100, then waits`. */
export function limitInShort(text: string): string {
  const [most, next] = text.split(', then ')
  if (next === undefined) return text
  if (next.startsWith('nothing within')) return `${most}, then waits`
  return `${most}, then ${/^\d{3}\b/.exec(next)?.[0] ?? next}`
}

type Limit<Key extends string> = { readonly bound: number; readonly next: string | null } & {
  readonly [Name in Key]: number
}

function limitText<Key extends string>(limit: Limit<Key> | undefined, key: Key): string {
  if (limit === undefined) return NOTHING
  const { next } = limit
  const most = count(limit[key])
  return next === null ? `${most}+` : `${most}, then ${shortly(next)}`
}

const SHORT_CHARS = 48

/** The beginning of what a server says, up to the end of a word. */
function shortly(text: string): string {
  if (text.length <= SHORT_CHARS) return text
  return `${text.slice(0, SHORT_CHARS).replace(/\s+\S*$/, '')} …`
}

/** `the newest 500 of 1,200 …`. */
export function storeText(record: ServerRecord): string {
  const store = figuresOf(record, 'store')
  if (store === undefined) return NOTHING
  const { sent, kept_at_once: atOnce, kept_later: later, later_seconds: seconds } = store
  if (later >= sent) return `all of ${count(sent)}`
  if (atOnce === later) return `${count(later)} of ${count(sent)}`
  return `${count(atOnce)} of ${count(sent)} at once, ${count(later)} after ${seconds} s`
}
