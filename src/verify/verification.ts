import type { Clock } from '../engine/clock.ts'
import { type SparseHistogram, summarise } from '../engine/histogram.ts'
import type { AccountResult, DeliveryResult, DeliveryRow, LedgerResult, Result } from '../engine/result.ts'
import type { Acknowledgements } from '../ledger/acknowledgements.ts'
import type { ReceiptsData } from '../ledger/receipts.ts'
import { messageId } from '../mail/id.ts'
import type { Mail } from '../mail/mail.ts'
import { Account } from './account.ts'
import { differenceOf, isReencoded } from './damage.ts'
import { DeliveryTimes } from './delivery-times.ts'
import type { Store } from './store.ts'
import { awaitArrivals, type Waited } from './wait.ts'

export interface VerifiedLoad {
  readonly runId: string
  /** Messages of the plan. */
  readonly planned: number
  readonly receipts: ReceiptsData
  readonly mail: Mail
  readonly acknowledged: Acknowledgements
  /** In milliseconds since 1970. */
  readonly startedAtMs: number
  /** Names of the servers. */
  readonly targets: readonly string[]
}

export interface VerifyOptions {
  readonly store: Store
  readonly timeoutMs: number
  readonly signal: AbortSignal
  readonly clock: Clock
  readonly onProgress: (arrived: number, expected: number) => void
}

/** When messages of a load were acknowledged and arrived; times after its start. */
export interface DeliveredTimes {
  readonly timeResolutionMs: number
  readonly lastAcknowledgedMs: number
  /** 0 where nothing arrived. */
  readonly lastArrivedMs: number
  readonly timeline: readonly DeliveryRow[]
  readonly endToEnd: SparseHistogram
}

/** What is known of a load behind its servers: parts of its result. */
export interface Verified {
  readonly ledger: LedgerResult
  readonly delivery?: DeliveryResult
  readonly endToEnd?: Result['histograms']['end_to_end']
  /** What it takes to put it together with other loads; also where nothing arrived. */
  readonly times?: DeliveredTimes
  /** Why the run is partial for it, if it is. */
  readonly partialReason?: string
}

/** Waits for the mail of a load, and accounts for all of it. Resolves however the wait ends. */
export async function verifyLoad(load: VerifiedLoad, options: VerifyOptions): Promise<Verified> {
  const { runId, targets } = load
  const idOf = (message: number) => messageId(runId, message)
  let times: DeliveryTimes | undefined
  const account = new Account({ ...load, idOf, onDelivered: (delivery) => times?.add(delivery) })
  times = new DeliveryTimes(targets.length, account.expected)
  const { store, onProgress } = options
  const onLook = () => onProgress(account.arrived, account.expected)
  const waited = await awaitArrivals({ ...options, account, runId, onLook })
  const firstDamage = await lookAtDamage(load, store, account)
  const limits = store.limits()
  const ledger = ledgerOf({ account, waited, store, limits, firstDamage, load })
  const inTransit = ledger.account?.in_transit ?? 0
  return {
    ledger,
    ...deliveryOf({ times, account, store, targets }),
    ...(waited.end === 'interrupted'
      ? { partialReason: `interrupted while ${inTransit} of ${account.expected} messages were in transit` }
      : {}),
  }
}

/** Judges what seems damaged once more, beside what was sent; tells how the first that is differs. */
async function lookAtDamage(load: VerifiedLoad, store: Store, account: Account): Promise<string | undefined> {
  let first: string | undefined
  for (const id of account.damagedIds) {
    const arrived = await store.raw?.(id).catch(() => undefined)
    const message = Number(id.slice(load.runId.length + 1))
    if (arrived === undefined || !(message < load.planned)) continue
    const sent = Buffer.concat([...load.mail.octetsOf(message)])
    if (isReencoded(sent, arrived)) account.absolve(id)
    else first ??= `${id}, ${differenceOf(sent, arrived) ?? 'its body is cut in the store'}`
  }
  return first
}

interface Found {
  readonly account: Account
  readonly waited: Waited
  readonly store: Store
  readonly limits: string | undefined
  readonly firstDamage: string | undefined
  readonly load: VerifiedLoad
}

function ledgerOf(found: Found): LedgerResult {
  const { account, waited, store, load } = found
  const counts = account.counts()
  const ids = account.ids()
  const acknowledged = load.receipts.targets.reduce((sum, { accepted }) => sum + accepted, 0)
  const isReadable = waited.end !== 'unreadable'
  const known = (count: number) => (isReadable ? count : null)
  const isCertain = found.limits === undefined && waited.end !== 'interrupted'
  const lost = counts.missing === 0 || isCertain ? known(counts.missing) : null
  return {
    verified: isReadable,
    ...(isReadable ? {} : { why_not: `${store.name} could not be read: ${waited.why}` }),
    acknowledged,
    received: known(counts.copies),
    lost,
    duplicated: known(counts.duplicated),
    corrupted: known(counts.corrupted),
    unacknowledged: known(counts.unacknowledged),
    lost_ids: lost ? ids.missing : [],
    duplicated_ids: ids.duplicated,
    corrupted_ids: ids.corrupted,
    account: accountOf(found),
  }
}

function accountOf({ account, waited, store, limits, firstDamage }: Found): AccountResult {
  const { missing, ...counts } = account.counts()
  const ids = account.ids()
  const isInterrupted = waited.end === 'interrupted'
  return {
    store: store.name,
    expected: counts.expected,
    arrived: counts.arrived,
    bounced: counts.bounced,
    misrouted: counts.misrouted,
    reencoded: counts.reencoded,
    unjudged: counts.unjudged,
    in_transit: isInterrupted ? missing : 0,
    not_verifiable: isInterrupted || limits === undefined ? 0 : missing,
    ...(limits === undefined ? {} : { cannot_verify: limits }),
    waited_seconds: Math.round(waited.waitedMs) / 1000,
    bounces: account.bounceKinds(),
    misrouted_ids: ids.misrouted,
    bounced_ids: ids.bounced,
    ...(firstDamage === undefined ? {} : { first_damage: firstDamage }),
  }
}

interface Timed {
  readonly times: DeliveryTimes
  readonly account: Account
  readonly store: Store
  readonly targets: readonly string[]
}

function deliveryOf({
  times,
  account,
  store,
  targets,
}: Timed): Pick<Verified, 'delivery' | 'endToEnd' | 'times'> {
  const { timeResolutionMs } = store
  if (timeResolutionMs === undefined) return {}
  const timeline = times.timeline((tell) => account.acknowledgements(tell))
  const { histogram: endToEnd, ofTargets, lastArrivedMs, lastAcknowledgedMs } = times
  const all = { timeResolutionMs, lastAcknowledgedMs, lastArrivedMs, timeline, endToEnd }
  if (times.count === 0) return { times: all }
  const delivery: DeliveryResult = {
    time_resolution_ms: timeResolutionMs,
    end_to_end_ms: summarise(endToEnd),
    per_server: targets.flatMap((name, index) => {
      const summary = ofTargets[index]
      return summary === undefined ? [] : [{ name, end_to_end_ms: summary }]
    }),
    drain_seconds: Math.max(0, Math.round(lastArrivedMs - lastAcknowledgedMs)) / 1000,
    delivered_per_second: lastArrivedMs <= 0 ? 0 : times.count / (lastArrivedMs / 1000),
    most_in_between: Math.max(0, ...timeline.map(({ in_between }) => in_between)),
    timeline,
  }
  return { delivery, endToEnd, times: all }
}
