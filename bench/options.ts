import { parseArgs } from 'node:util'
import { MailstormError } from '../src/error.ts'

export interface BenchOptions {
  readonly rounds: number
  readonly sizesBytes: readonly number[]
  /** Messages of smtp-source -d in one run by size; every client sends its share of it. */
  readonly messages: (sizeBytes: number) => number
  readonly jsonFile: string | undefined
}

/** About a second a run on the machine of docs/benchmarks.md. */
const MESSAGES_BY_SIZE: Readonly<Record<number, number>> = { 1024: 20_000, 10240: 12_000, 102400: 2_000 }
const OTHER_MESSAGES = 2_000
const QUICK_MESSAGES = 2_000

/** `--rounds 5 --sizes 1024,10240,102400 --messages N --quick --json FILE`. */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string' },
      sizes: { type: 'string' },
      messages: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
    },
  })
  const { quick } = values
  const messages = values.messages === undefined ? undefined : positive('messages', values.messages)
  const sizes = values.sizes ?? (quick ? '1024' : Object.keys(MESSAGES_BY_SIZE).join(','))
  return {
    rounds: positive('rounds', values.rounds ?? (quick ? '1' : '5')),
    sizesBytes: sizes.split(',').map((size) => positive('sizes', size)),
    messages: (sizeBytes) =>
      messages ?? (quick ? QUICK_MESSAGES : (MESSAGES_BY_SIZE[sizeBytes] ?? OTHER_MESSAGES)),
    jsonFile: values.json,
  }
}

function positive(name: string, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new MailstormError(
    'BAD_OPTIONS',
    `Failed to read --${name}: "${text}" is not a whole number above 0.`,
  )
}
