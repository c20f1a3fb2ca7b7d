import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Claimed } from './store/claim.ts'
import type { Outcome } from './store/outcomes.ts'

/** genro-mail-proxy's labels, so that its dashboards work with ours. */
const ACCOUNT = ['tenant_id', 'tenant_name', 'account_id', 'account_name'] as const

type Sender = Pick<Claimed, 'tenantId' | 'tenantName' | 'accountId'>

/** State at the time of the scrape. */
export interface Readings {
  readonly pending: number
  readonly oldestReadyAgeMs: number
}

/** One registry per proxy, because several may run in one process. */
export class Metrics {
  readonly #registry = new Registry()
  readonly #announced = new Set<string>()
  readonly #sent = this.#counter('gmp_sent_total', 'Messages sent', ACCOUNT)
  readonly #errors = this.#counter(
    'gmp_errors_total',
    'Messages that failed for good, for any reason',
    ACCOUNT,
  )
  readonly #deferred = this.#counter('gmp_deferred_total', 'Deferrals: retries and rate limits', ACCOUNT)
  readonly #rateLimited = this.#counter('gmp_rate_limited_total', 'Messages that hit a rate limit', ACCOUNT)
  readonly #pending = this.#gauge(
    'gmp_pending_messages',
    'Messages waiting, including deferred and suspended ones',
  )

  readonly #refused = this.#counter(
    'gmp_refused_recipients_total',
    'Recipients refused of messages that were sent',
    ACCOUNT,
  )
  readonly #queueAge = this.#gauge(
    'gmp_queue_age_seconds',
    'How long the oldest message that may be sent has waited',
  )
  readonly #inFlight = this.#gauge('gmp_in_flight', 'Messages being sent by this process')
  readonly #waiting = this.#gauge(
    'gmp_claimed_waiting',
    'Messages claimed by this process, not yet being sent',
  )
  readonly #attachmentBytes = this.#counter(
    'gmp_attachment_bytes_total',
    'Bytes of attachments by where they came from',
    ['source'],
  )
  readonly #cache = this.#counter('gmp_attachment_cache_total', 'Lookups in the cache of attachments', [
    'result',
  ])
  readonly #fetchFailures = this.#counter(
    'gmp_attachment_failures_total',
    'Attachments that could not be fetched',
    ['final'],
  )
  readonly #syncFailures = this.#counter('gmp_sync_failures_total', 'Sync calls that failed', [
    'tenant_id',
    'reason',
  ])
  readonly #syncMessages = this.#counter(
    'gmp_sync_messages_total',
    'Messages that came in replies to sync calls',
    ['tenant_id', 'result'],
  )
  readonly #bounces = this.#counter('gmp_bounces_total', 'Recipients of sent messages that came back', [
    'type',
  ])
  readonly #reports = this.#counter('gmp_reports_total', 'Reports acknowledged by tenants', ['tenant_id'])
  readonly #sendSeconds = this.#histogram('gmp_send_seconds', 'From the start of an attempt to its outcome', [
    'outcome',
  ])
  readonly #recordSeconds = this.#histogram('gmp_record_seconds', 'From an outcome to its commit', [])
  readonly #syncSeconds = this.#histogram('gmp_sync_seconds', 'Duration of sync calls', ['tenant_id'])

  outcome(sender: Sender, { kind, recipientsDone = [] }: Outcome): void {
    if (kind === 'progress') return
    const counter = { sent: this.#sent, error: this.#errors, deferred: this.#deferred }[kind]
    counter.inc(labelsOf(sender))
    const refused = recipientsDone.filter((recipient) => recipient.refused !== undefined).length
    if (kind === 'sent' && refused > 0) this.#refused.inc(labelsOf(sender), refused)
  }

  rateLimited(sender: Sender): void {
    this.#rateLimited.inc(labelsOf(sender))
  }

  attempt(outcome: string, ms: number): void {
    this.#sendSeconds.observe({ outcome }, ms / 1000)
  }

  recorded(ms: number): void {
    this.#recordSeconds.observe(ms / 1000)
  }

  inHand(inFlight: number, waiting: number): void {
    this.#inFlight.set(inFlight)
    this.#waiting.set(waiting)
  }

  attachmentBytes(source: string, bytes: number): void {
    this.#attachmentBytes.inc({ source }, bytes)
  }

  /** `trouble`: the disk failed, and the content bypasses the cache. */
  cacheLookup(result: 'memory' | 'disk' | 'joined' | 'miss' | 'trouble'): void {
    this.#cache.inc({ result })
  }

  attachmentFailed(final: boolean): void {
    this.#fetchFailures.inc({ final: String(final) })
  }

  /** `unknown`: a bounce of an unknown message. */
  bounced(type: 'hard' | 'soft' | 'unknown', recipients: number): void {
    this.#bounces.inc({ type }, recipients)
  }

  synced(tenantId: string, ms: number): void {
    this.#syncSeconds.observe({ tenant_id: tenantId }, ms / 1000)
  }

  syncFailed(tenantId: string, reason: string): void {
    this.#syncFailures.inc({ tenant_id: tenantId, reason })
  }

  reported(tenantId: string, count: number): void {
    this.#reports.inc({ tenant_id: tenantId }, count)
  }

  syncMessages(tenantId: string, queued: number, rejected: number): void {
    this.#syncMessages.inc({ tenant_id: tenantId, result: 'queued' }, queued)
    this.#syncMessages.inc({ tenant_id: tenantId, result: 'rejected' }, rejected)
  }

  /** Starts an account's series at 0, so that its first message is an increase. */
  announce(sender: Sender): void {
    const key = JSON.stringify(labelsOf(sender))
    if (this.#announced.has(key)) return
    this.#announced.add(key)
    for (const counter of [this.#sent, this.#errors, this.#deferred, this.#rateLimited])
      counter.inc(labelsOf(sender), 0)
  }

  async text({ pending, oldestReadyAgeMs }: Readings): Promise<string> {
    this.#pending.set(pending)
    this.#queueAge.set(oldestReadyAgeMs / 1000)
    return this.#registry.metrics()
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  #counter<const L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> {
    return new Counter({ name, help, labelNames, registers: [this.#registry] })
  }

  #gauge(name: string, help: string): Gauge {
    return new Gauge({ name, help, registers: [this.#registry] })
  }

  #histogram<const L extends string>(name: string, help: string, labelNames: readonly L[]): Histogram<L> {
    // 1 ms to 65 s, doubling.
    const buckets = Array.from({ length: 17 }, (_, n) => 2 ** n / 1000)
    return new Histogram({ name, help, labelNames, buckets, registers: [this.#registry] })
  }
}

function labelsOf({ tenantId, tenantName, accountId }: Sender) {
  return {
    tenant_id: tenantId,
    tenant_name: tenantName ?? tenantId,
    account_id: accountId,
    account_name: accountId,
  }
}
