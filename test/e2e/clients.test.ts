import { expect, test } from 'vitest'
import { stress } from './stress.ts'

test('a load whose clients think, break off, stay idle and try again passes, every message accounted for', async () => {
  const { result, output } = await stress('custom', {
    SMTP_SERVERS: '1',
    STRESS_MESSAGES: '100',
    STRESS_WORKERS: '4',
    STRESS_SIZE: 'small',
    STRESS_RETRIES: '2',
    STRESS_RETRY_DELAY: '0.1',
    STRESS_THINK_TIME: '1ms..5ms',
    STRESS_BREAK_OFF: 'data:10,transfer:10',
    STRESS_IDLE_SESSIONS: '5',
  })
  expect(output).toContain('[PASSED] custom')
  expect(output).not.toContain('accounted for')
  const brokenOff = result?.metrics.broken_off ?? 0
  expect(brokenOff).toBeGreaterThan(0)
  expect(result?.metrics.successful_messages).toBe(100 - brokenOff)
  expect(result?.ledger).toMatchObject({
    verified: true,
    acknowledged: 100 - brokenOff,
    unacknowledged: 0,
    lost: 0,
  })
  expect(result?.idle_sessions).toMatchObject({ asked: 5, opened: 5, ended: 0 })
  for (const title of ['Further attempts', 'Clients that broke off', 'Idle sessions'])
    expect(output).toContain(title)
})
