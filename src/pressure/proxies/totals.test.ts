import { expect, test } from 'vitest'
import { ProxyCounters, type ProxyReading, readingOf } from './reading.ts'

const account = (tenant: string, name: string) =>
  `{tenant_id="${tenant}",tenant_name="x",account_id="${name}",account_name="${name}"}`

const GENRO = `gmp_sent_total${account('default', 'default')} 0.0
gmp_sent_total${account('t', 'smtp')} 7.0
gmp_deferred_total${account('t', 'smtp')} 2.0
gmp_pending_messages 5.0
`
const OURS = `gmp_sent_total${account('t', 'smtp')} 7
gmp_pending_messages 5
gmp_queue_age_seconds 0
gmp_attachment_cache_total{result="memory"} 3
gmp_attachment_cache_total{result="joined"} 1
gmp_attachment_cache_total{result="miss"} 4
`

test('reads genro-mail-proxy, which has no cache to count', () => {
  expect(readingOf(GENRO)).toEqual({
    implementation: 'genro-mail-proxy',
    pending: 5,
    accounts: [
      { tenantId: 'default', accountId: 'default', sent: 0, errors: 0, deferred: 0, rate_limited: 0 },
      { tenantId: 't', accountId: 'smtp', sent: 7, errors: 0, deferred: 2, rate_limited: 0 },
    ],
    cache: null,
  })
})

test('reads ours, a joined fetch being a spared one', () => {
  expect(readingOf(OURS)).toMatchObject({
    implementation: 'mailstorm',
    pending: 5,
    cache: { hits: 4, lookups: 8 },
  })
  expect(readingOf('gmp_queue_age_seconds 0\n').cache).toEqual({ hits: 0, lookups: 0 })
})

test('reads nothing from a server that is not a mail proxy', () => {
  expect(readingOf('<html>')).toEqual({ implementation: 'unknown', pending: null, accounts: [], cache: null })
})

function reading(sent: number, change: Partial<ProxyReading> = {}): ProxyReading {
  const counters = { tenantId: 't', accountId: 'smtp', sent, errors: 0, deferred: 0, rate_limited: 0 }
  return { implementation: 'mailstorm', pending: 1, accounts: [counters], cache: null, ...change }
}
const sentOf = (counters: ProxyCounters) => counters.totals().accounts[0]?.sent

test('adds up several proxies, and takes the queue that they share once', () => {
  const counters = new ProxyCounters()
  const totals = counters.add(
    new Map([
      ['a', reading(5, { pending: 9 })],
      ['b', reading(3, { pending: 10 })],
    ]),
  )
  expect(totals).toMatchObject({ pending: 10, accounts: [{ sent: 8 }], cache: null })
  counters.add(new Map([['a', reading(6)]]))
  expect(sentOf(counters)).toBe(9)
})

test('leaves out what a proxy had counted before the run', () => {
  const counters = new ProxyCounters()
  counters.begin('a', reading(100, { cache: { hits: 10, lookups: 20 } }))
  const now = reading(130, { cache: { hits: 15, lookups: 26 } })
  expect(counters.add(new Map([['a', now]]))).toMatchObject({
    accounts: [{ sent: 30 }],
    cache: { hits: 5, lookups: 6 },
  })
})

test('counts on when a proxy was restarted', () => {
  const counters = new ProxyCounters()
  for (const sent of [50, 4, 6]) counters.add(new Map([['a', reading(sent)]]))
  expect(sentOf(counters)).toBe(56)
})

test('reports an unknown queue when no proxy answers, and keeps its counts', () => {
  const counters = new ProxyCounters()
  counters.add(new Map([['a', reading(5)]]))
  expect(counters.add(new Map())).toMatchObject({ pending: null, accounts: [{ sent: 5 }] })
})
