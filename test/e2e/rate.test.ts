import { expect, test } from 'vitest'
import { stress } from './stress.ts'

test('STRESS_RATE is kept to a thousandth with one session per message', { tags: 'long' }, async () => {
  const run = await stress('custom', {
    STRESS_MODE: 'sustained',
    STRESS_RATE: '200',
    STRESS_DURATION: '4',
    STRESS_SIZE: 'small',
    STRESS_MESSAGES_PER_SESSION: '1',
    SMTP_SERVERS: '2',
  })
  expect(run.exitCode).toBe(0)
  expect(run.result?.metrics).toMatchObject({ total_messages: 800, window_seconds: 4 })
  expect(run.result?.metrics.rate_error).toBeLessThan(0.001)
  expect(run.result?.metrics.sessions_opened).toBe(800)
  expect(run.result?.timeline.slice(0, 4).map(({ due }) => due)).toEqual([200, 200, 200, 200])
})
