import type { PressureMetrics, PressureResult } from '../../pressure/result.ts'
import { count, decimal, MISSING, percent, perSecond, seconds, shortMilliseconds, size } from '../format.ts'
import type { Card } from './cards.ts'

/** End to end is often minutes: from ten seconds on in seconds. */
function latencyText(ms: number | null): string {
  return ms !== null && ms >= 10_000 ? `${decimal(ms / 1000, 1)} s` : shortMilliseconds(ms)
}

export function pressureCards({ metrics, verification }: PressureResult): Card[][] {
  const { latency_ms: latency } = metrics
  const { delivered, lost, duplicated } = verification
  return [
    messageCards(metrics, delivered),
    [
      {
        id: 'p50',
        label: 'p50 end to end',
        value: latencyText(latency.p50),
        detail: 'hand-over to sink',
      },
      {
        id: 'p95',
        label: 'p95 end to end',
        value: latencyText(latency.p95),
        detail: fairness(metrics),
      },
      {
        id: 'p99',
        label: 'p99 end to end',
        value: latencyText(latency.p99),
        detail: `slowest ${latencyText(latency.max)}`,
      },
      { id: 'lost', label: 'Lost', value: count(lost), detail: `${count(duplicated)} duplicated` },
      {
        id: 'pending',
        label: 'Peak pending',
        value: count(metrics.peak_pending),
        detail: `proxies' memory ${size(metrics.peak_proxy_memory_bytes)}`,
      },
    ],
  ]
}

function messageCards(metrics: PressureMetrics, delivered: number | null): Card[] {
  const none = metrics.total_messages === 0
  return [
    {
      id: 'messages',
      label: 'Handed over',
      value: count(metrics.total_messages),
      detail: `${count(delivered)} delivered`,
    },
    {
      id: 'success',
      label: 'Success rate',
      value: none ? MISSING : percent(metrics.success_rate),
      detail: 'once and intact',
    },
    {
      id: 'throughput',
      label: 'Throughput',
      value: perSecond(metrics.messages_per_second),
      detail: 'delivered, over the whole run',
    },
    {
      id: 'duration',
      label: 'Duration',
      value: seconds(metrics.duration_seconds),
      detail: `${decimal(metrics.drain_seconds, 2)} s of it drain`,
    },
    {
      id: 'data',
      label: 'Attachments',
      value: size(metrics.attachment_bytes_served),
      detail: `${count(metrics.attachments_served)} served, cache hits ${percent(metrics.cache_hit_rate)}`,
    },
  ]
}

function fairness({ fairness }: PressureMetrics): string {
  return fairness === null ? 'one tenant' : `slowest tenant ${decimal(fairness, 2)} × the fastest`
}
