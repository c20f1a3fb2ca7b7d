import { parseArgs } from 'node:util'
import { MailstormError } from '../../src/error.ts'
import { commitOf } from '../tree.ts'

export interface ProxyBenchOptions {
  readonly rounds: number
  readonly messages: number
  readonly backlogs: readonly number[]
  /** An interpreter that has the real genro-mail-proxy; undefined = ours alone. */
  readonly realPython: string | undefined
  /** A commit whose proxy is measured side by side with this one; undefined = this one alone. */
  readonly before: string | undefined
  readonly jsonFile: string | undefined
}

export const HELP = `npm run bench:proxy -- [options]: messages per second from the proxy's queue to the sink.

  --rounds N        rounds in which all points take turns (5; with --quick 1)
  --messages N      messages of a round (20000; with --quick 2000)
  --backlogs N,…    messages that wait already (1000,10000,100000; with --quick 1000,10000; with --before none)
  --quick           fewer rounds, messages and backlogs
  --before COMMIT   beside the proxy of an earlier commit
  --real PYTHON     beside the real genro-mail-proxy; an interpreter that has it
  --json FILE       write the figures as JSON too
  --help            print this`

/**
 * `--rounds 5 --messages 20000 --backlogs 1000,10000,100000 --real PYTHON --before COMMIT --quick --json FILE`. With a
 * commit to compare with, backlogs are measured only when they are asked for.
 */
export function readOptions(args: readonly string[]): ProxyBenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string' },
      messages: { type: 'string' },
      backlogs: { type: 'string' },
      real: { type: 'string' },
      before: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
    },
  })
  const { quick } = values
  const backlogs =
    values.backlogs ?? (values.before !== undefined ? '' : quick ? '1000,10000' : '1000,10000,100000')
  return {
    rounds: positive('rounds', values.rounds ?? (quick ? '1' : '5')),
    messages: positive('messages', values.messages ?? (quick ? '2000' : '20000')),
    backlogs: backlogs === '' ? [] : backlogs.split(',').map((text) => positive('backlogs', text)),
    realPython: values.real,
    before: values.before === undefined ? undefined : commitOf(values.before),
    jsonFile: values.json,
  }
}

function positive(name: string, text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text)
  throw new MailstormError(
    'BAD_OPTIONS',
    `Failed to read --${name}: "${text}" is not a whole number above 0.`,
  )
}
