import type { SparseHistogram } from './histogram.ts'
import { countBetween } from './histogram.ts'
import type { FailureRow } from './result.ts'

export interface Observed {
  /** Of the phase in which connections are opened. */
  readonly connect: SparseHistogram
  readonly failures: readonly FailureRow[]
}

/**
 * A SYN that got no answer is sent again after 1 s, and then after twice the time before (RFC 6298 2.1,
 * 5.5): connections open after a little more than 1, 3 or 7 s.
 */
const RETRANSMITS_MS = [1_000, 3_000, 7_000] as const
const SLACK = 0.15

/** What figures of a run usually mean, in a sentence each; empty when nothing is odd. */
export function observe({ connect, failures }: Observed): string[] {
  const count = (wanted: (row: FailureRow) => boolean) =>
    failures.reduce((sum, row) => sum + (wanted(row) ? row.count : 0), 0)
  const retransmitted = RETRANSMITS_MS.reduce(
    (sum, ms) => sum + countBetween(connect, ms, ms * (1 + SLACK)),
    0,
  )
  const neverGreeted = count((row) => row.class === 'timeout' && row.phase === 'greeting')
  const noConnect = count((row) => row.class === 'timeout' && row.phase === 'connect')
  const refused = count((row) => row.class === 'connection_refused')
  const local = count((row) => row.class === 'local')
  return [
    retransmitted > 0 &&
      `${retransmitted} connections opened a little after 1, 3 or 7 s: their SYN was sent again, usually because the server's listen backlog was full`,
    neverGreeted > 0 &&
      `${neverGreeted} connections were opened and never greeted: usually the server serves no more at a time, or its listen backlog overflowed`,
    noConnect > 0 &&
      `${noConnect} connections did not open in time: a full listen backlog, or a firewall that drops`,
    refused > 0 && `${refused} connections were refused: nothing listens there (any more)`,
    local > 0 &&
      `${local} messages failed for want of resources of the load generator's machine, not of the target`,
  ].filter((sentence) => sentence !== false)
}
