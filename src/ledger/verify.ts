import type { LedgerEntry, ServerLedger } from './ledger.ts'
import { isAcknowledged, type ReceiptsData } from './receipts.ts'

/** One server's side of the comparison. */
export interface LedgerSource {
  readonly name: string
  ledger(runId: string): Promise<ServerLedger>
  entries(runId: string): AsyncIterable<LedgerEntry>
}

/** Every acknowledged message compared with what the servers received. */
export interface Verification {
  readonly acknowledged: number
  readonly received: number
  readonly lost: number
  readonly duplicated: number
  readonly corrupted: number
  /** Received, but the client never saw the acknowledgement. */
  readonly unacknowledged: number
  readonly lostIds: readonly string[]
  readonly duplicatedIds: readonly string[]
  readonly corruptedIds: readonly string[]
}

export interface VerifyOptions {
  readonly runId: string
  readonly receipts: ReceiptsData
  /** In the order of the receipts' targets. */
  readonly sources: readonly LedgerSource[]
  readonly planned: number
  readonly idOf: (message: number) => string
}

/** Enough to look up in the logs. */
const MAX_IDS = 20

/** Compares counts and digests; fetches the lists of ids only where these differ. */
export async function verify(options: VerifyOptions): Promise<Verification> {
  const { runId, receipts, sources } = options
  const ledgers = await Promise.all(sources.map((source) => source.ledger(runId)))
  const acknowledged = receipts.targets.reduce((sum, target) => sum + target.accepted, 0)
  const agree = ledgers.every((ledger, index) => {
    const target = receipts.targets[index]
    return target?.accepted === ledger.accepted && target.digest === ledger.digest && ledger.corrupted === 0
  })
  if (!agree) return compareEntries(options, acknowledged)
  const none = { lost: 0, duplicated: 0, corrupted: 0, unacknowledged: 0 }
  return { acknowledged, received: acknowledged, ...none, lostIds: [], duplicatedIds: [], corruptedIds: [] }
}

async function compareEntries(options: VerifyOptions, acknowledged: number): Promise<Verification> {
  const { receipts, planned, idOf } = options
  const tally = await tallyEntries(options)
  const lostIds: string[] = []
  let lost = 0
  for (let message = 0; message < planned; message++) {
    if (!isAcknowledged(receipts, message) || tally.times.has(message)) continue
    lost++
    if (lostIds.length < MAX_IDS) lostIds.push(idOf(message))
  }
  const duplicatedNumbers = [...tally.times].filter(([, times]) => times > 1)
  const unacknowledged = [...tally.times.keys()].filter(
    (message) => !isAcknowledged(receipts, message),
  ).length
  return {
    acknowledged,
    received: tally.received,
    lost,
    duplicated: duplicatedNumbers.reduce((sum, [, times]) => sum + times - 1, 0),
    corrupted: tally.corrupted,
    unacknowledged: unacknowledged + tally.foreign,
    lostIds,
    duplicatedIds: duplicatedNumbers.slice(0, MAX_IDS).map(([message]) => idOf(message)),
    corruptedIds: tally.corruptedIds,
  }
}

interface EntryTally {
  /** How often each message was received. */
  readonly times: Map<number, number>
  received: number
  corrupted: number
  /** Ids of this run whose number was never planned. */
  foreign: number
  readonly corruptedIds: string[]
}

async function tallyEntries({ runId, sources, planned }: VerifyOptions): Promise<EntryTally> {
  const tally: EntryTally = { times: new Map(), received: 0, corrupted: 0, foreign: 0, corruptedIds: [] }
  for (const source of sources) {
    for await (const entry of source.entries(runId)) {
      const number = entry.id.slice(runId.length + 1)
      const message = /^\d+$/.test(number) ? Number(number) : planned
      tally.received++
      if (message < planned) {
        tally.times.set(message, (tally.times.get(message) ?? 0) + 1)
      } else tally.foreign++
      if (entry.intact) continue
      tally.corrupted++
      if (tally.corruptedIds.length < MAX_IDS) tally.corruptedIds.push(entry.id)
    }
  }
  return tally
}
