import type { ProbeRow, ProbeVerdict } from '../probe/report.ts'
import type { Style } from './paint.ts'

/** One sign for each verdict, with its colour in a terminal. */
export const PROBE_SIGNS: Readonly<Record<ProbeVerdict, { readonly sign: string; readonly style: Style }>> = {
  conforms: { sign: '✓', style: 'green' },
  deviates: { sign: '✗', style: 'red' },
  'not offered': { sign: '–', style: 'dim' },
  unknown: { sign: '?', style: 'yellow' },
}

/** What of a row has to be told beside its verdict: the note, or what came. */
export function remarkOf({ note, came, verdict }: ProbeRow): string {
  return note !== '' || verdict === 'conforms' ? note : came
}

/** `44 conform, 2 deviate, 2 not offered, 3 unknown`. */
export function countsSentence(counts: Readonly<Record<ProbeVerdict, number>>): string {
  const { conforms, deviates, unknown } = counts
  return `${conforms} conform, ${deviates} deviate, ${counts['not offered']} not offered, ${unknown} unknown`
}
