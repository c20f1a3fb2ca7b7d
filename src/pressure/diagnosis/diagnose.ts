import type { Finding } from '../result.ts'
import { dndIgnored } from './dnd-ignored.ts'
import { duplicates } from './duplicates.ts'
import { lowCache } from './low-cache.ts'
import { manyDnd } from './many-dnd.ts'
import { memoryGrowing } from './memory-growing.ts'
import { pendingGrowing } from './pending-growing.ts'
import { rareSync } from './rare-sync.ts'
import type { Patient, Rule } from './rule.ts'
import { slowSync } from './slow-sync.ts'
import { throughputCliff } from './throughput-cliff.ts'

/** The seed's warning signs, and what the real proxy is known for. */
const RULES: readonly Rule[] = [
  throughputCliff,
  duplicates,
  pendingGrowing,
  memoryGrowing,
  slowSync,
  rareSync,
  dndIgnored,
  manyDnd,
  lowCache,
]

/** What the figures of a run point to; the critical ones first. */
export function diagnose(run: Patient): Finding[] {
  const found = RULES.flatMap((rule) => rule(run) ?? [])
  return found.toSorted((a, b) => Number(b.severity === 'critical') - Number(a.severity === 'critical'))
}
