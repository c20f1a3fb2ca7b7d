import { expect, test } from 'vitest'
import { parsePrometheus } from './reading.ts'

test('reads names, labels and values, and leaves comments and nonsense out', () => {
  const text = `# HELP gmp_sent_total Messages sent
# TYPE gmp_sent_total counter
gmp_sent_total{tenant_id="a",account_name="say \\"hi\\", \\\\ and {}\\n"} 12 1395066363000
gmp_pending_messages 3.5
odd NaN
high{le="+Inf"} +Inf
{broken} 1
`
  expect(parsePrometheus(text)).toEqual([
    {
      name: 'gmp_sent_total',
      labels: { tenant_id: 'a', account_name: 'say "hi", \\ and {}\n' },
      value: 12,
    },
    { name: 'gmp_pending_messages', labels: {}, value: 3.5 },
    { name: 'odd', labels: {}, value: Number.NaN },
    { name: 'high', labels: { le: '+Inf' }, value: Number.POSITIVE_INFINITY },
  ])
})
