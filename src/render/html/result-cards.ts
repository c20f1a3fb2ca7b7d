import type { LatencySummary } from '../../engine/histogram.ts'
import { dueMessages, type Metrics, type Result } from '../../engine/result.ts'
import { count, decimal, MISSING, percent, perSecond, seconds, shortMilliseconds } from '../format.ts'
import { dataSentence, sessionTroubles } from '../text-figures.ts'
import type { Card } from './cards.ts'

export function resultCards(result: Result): Card[][] {
  const { metrics } = result
  return [loadCards(result), latencyCards(metrics.response_time_ms)]
}

function loadCards(result: Result): Card[] {
  const { metrics, target_rate: target } = result
  const [accepted = '', sent] = dataSentence(result).split(', ')
  return [
    { id: 'messages', label: 'Messages', value: count(metrics.total_messages), detail: notAccepted(metrics) },
    {
      id: 'success',
      label: 'Success rate',
      value: dueMessages(metrics) === 0 ? MISSING : percent(metrics.success_rate),
      detail: `${count(metrics.successful_messages)} accepted`,
    },
    {
      id: 'throughput',
      label: 'Throughput',
      value: perSecond(metrics.throughput),
      detail: rateDetail(metrics, target),
    },
    {
      id: 'duration',
      label: 'Duration',
      value: seconds(metrics.duration_seconds),
      detail: `${decimal(metrics.drain_seconds, 2)} s of it drain`,
    },
    {
      id: 'data',
      label: 'Data accepted',
      value: accepted.replace(' accepted', ''),
      detail: `${sent === undefined ? '' : `${sent}; `}${count(metrics.sessions_opened)} sessions${sessionTroubles(metrics)}`,
    },
  ]
}

export function latencyCards(latency: Omit<LatencySummary, 'count'>): Card[] {
  return [
    { id: 'p50', label: 'p50 response', value: shortMilliseconds(latency.p50), detail: 'half were faster' },
    {
      id: 'p95',
      label: 'p95 response',
      value: shortMilliseconds(latency.p95),
      detail: `p90 ${shortMilliseconds(latency.p90)}`,
    },
    {
      id: 'p99',
      label: 'p99 response',
      value: shortMilliseconds(latency.p99),
      detail: `p99.9 ${shortMilliseconds(latency.p99_9)}`,
    },
    {
      id: 'max',
      label: 'Slowest',
      value: shortMilliseconds(latency.max),
      detail: `average ${shortMilliseconds(latency.avg)}`,
    },
  ]
}

function notAccepted({ failed_messages: failed, outcomes: { not_reached: notReached } }: Metrics): string {
  if (notReached > 0) return `${count(failed)} not accepted, ${count(notReached)} not reached`
  return failed === 0 ? 'every one accepted' : `${count(failed)} not accepted`
}

function rateDetail({ rate, rate_error }: Metrics, target: number | null): string {
  if (target === null) return 'as fast as replies allow'
  return `target ${perSecond(target)}, started ${perSecond(rate)} (${percent(rate_error)} off)`
}
