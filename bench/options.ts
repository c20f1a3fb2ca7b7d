import { parseArgs } from 'node:util'
import { MailstormError } from '../src/error.ts'
import { FLOOR_BAR } from './targets.ts'
import { commitOf } from './tree.ts'

export interface BenchOptions {
  readonly rounds: number
  readonly sizesBytes: readonly number[]
  /** Messages of smtp-source -d in one run by size; every client sends its share of it. */
  readonly messages: (sizeBytes: number) => number
  /** A commit whose engine is measured side by side with this one, instead of other clients. */
  readonly before: string | undefined
  /** Only what runs against our null sink: chunks, beside the other levels. */
  readonly onlyNullSink: boolean
  /** What runs against our null sink is left out: it takes minutes. */
  readonly withoutNullSink: boolean
  readonly jsonFile: string | undefined
  /** The run fails when a shape takes more than so many times the CPU of the bare script; undefined = it never does. */
  readonly bar: number | undefined
}

export const HELP = `npm run bench -- [options]: our engine beside a bare script on net.Socket (floor), smtp-source and nodemailer.

  --rounds N        rounds in which all clients take turns (5), or pairs of bursts (40; 2)
  --sizes 1024,…    bytes of a message (1024,10240,102400; with --quick or --before 1024)
  --messages N      messages of smtp-source -d in a round, the others send their share (about a second's worth)
  --quick           small bursts of 1 KB in about a minute, for CI; fails beyond --bar
  --bar X           fail when CPU per message is more than X times that of floor (with --quick ${FLOOR_BAR}, else never)
  --before COMMIT   beside the engine of an earlier commit and floor, burst by burst, instead of other clients
  --null-sink       only the part on our null sink, which takes chunks (RFC 3030): at once, and 10 ms late
  --json FILE       write the figures as JSON too
  --help            print this

See docs/benchmarks.md.`

/** About a second a run on the machine of docs/benchmarks.md. */
const MESSAGES_BY_SIZE: Readonly<Record<number, number>> = { 1024: 20_000, 10240: 12_000, 102400: 2_000 }
const OTHER_MESSAGES = 2_000
const QUICK_MESSAGES = 10_000
const ROUNDS = 5
/** With a commit before and --quick. */
const QUICK_BURST_MESSAGES = 2_000
/** With a commit before: short bursts, and many. */
const BURST_MESSAGES = 4_000
const PAIRS = 40
const QUICK_PAIRS = 2

/**
 * `--rounds 5 --sizes 1024,10240,102400 --messages N --quick --bar X --null-sink --json FILE`; `--before COMMIT`, with which rounds
 * are pairs of bursts: 40 of 1 KB unless told otherwise.
 */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string' },
      sizes: { type: 'string' },
      messages: { type: 'string' },
      quick: { type: 'boolean', default: false },
      before: { type: 'string' },
      json: { type: 'string' },
      bar: { type: 'string' },
      'null-sink': { type: 'boolean', default: false },
    },
  })
  const { quick } = values
  const messages = values.messages === undefined ? undefined : positive('messages', values.messages)
  const before = values.before === undefined ? undefined : commitOf(values.before)
  const sizes =
    values.sizes ?? (quick || before !== undefined ? '1024' : Object.keys(MESSAGES_BY_SIZE).join(','))
  return {
    rounds: positive('rounds', values.rounds ?? String(roundsOf(quick, before !== undefined))),
    sizesBytes: sizes.split(',').map((size) => positive('sizes', size)),
    messages: (sizeBytes) =>
      messages ??
      (before === undefined ? messagesOf(sizeBytes, quick) : quick ? QUICK_BURST_MESSAGES : BURST_MESSAGES),
    before,
    onlyNullSink: values['null-sink'],
    withoutNullSink: quick && !values['null-sink'],
    jsonFile: values.json,
    bar: values.bar === undefined ? (quick ? FLOOR_BAR : undefined) : ratio('bar', values.bar),
  }
}

function messagesOf(sizeBytes: number, quick: boolean): number {
  return quick ? QUICK_MESSAGES : (MESSAGES_BY_SIZE[sizeBytes] ?? OTHER_MESSAGES)
}

function roundsOf(quick: boolean, inPairs: boolean): number {
  if (inPairs) return quick ? QUICK_PAIRS : PAIRS
  return ROUNDS
}

function positive(name: string, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new MailstormError(
    'BAD_OPTIONS',
    `Failed to read --${name}: "${text}" is not a whole number above 0.`,
  )
}

function ratio(name: string, text: string): number {
  if (/^\d{1,3}(\.\d{1,3})?$/.test(text) && Number(text) > 0) return Number(text)
  throw new MailstormError('BAD_OPTIONS', `Failed to read --${name}: "${text}" is not a ratio, such as 1.5.`)
}
