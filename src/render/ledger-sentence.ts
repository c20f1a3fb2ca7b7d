import type { LedgerResult } from '../engine/result.ts'
import { count } from './format.ts'

/** What the ledger says, in one line; `not verified` is never dressed up as `nothing lost`. */
export function ledgerSentence(ledger: LedgerResult): string {
  if (!ledger.verified) return `not verified: ${ledger.why_not ?? 'the target keeps no ledger'}`
  const parts = [
    `${count(ledger.acknowledged)} acknowledged`,
    `${count(ledger.received)} received`,
    `${count(ledger.lost)} lost`,
    `${count(ledger.duplicated)} duplicated`,
    `${count(ledger.corrupted)} corrupted`,
  ]
  if (ledger.unacknowledged) parts.push(`${count(ledger.unacknowledged)} received without acknowledgement`)
  return `verified: ${parts.join(', ')}`
}
