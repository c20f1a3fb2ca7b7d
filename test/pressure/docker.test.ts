import { expect, test } from 'vitest'
import { NODE_IMAGE } from '../../containers/docker/options.ts'
import { MAILHOG_IMAGE } from '../../containers/mailhog.ts'
import { POSTGRES_IMAGE } from '../../containers/postgres/docker.ts'
import type { PressureResult } from '../../src/pressure/result.ts'
import { dockerEnvironment, whyNoDocker } from '../docker/engine.ts'
import { stress } from '../e2e/stress.ts'

const { env } = process
const skipAll = await whyNoDocker(
  env.NODE_IMAGE ?? NODE_IMAGE,
  env.MAILHOG_IMAGE ?? MAILHOG_IMAGE,
  env.POSTGRES_IMAGE ?? POSTGRES_IMAGE,
)

test('pressure on containers: PostgreSQL, MailHog, and our sink for what is too large for MailHog', {
  timeout: 240_000,
}, async (context) => {
  if (skipAll !== undefined) return context.skip(skipAll)
  const run = await stress('pressure', {
    ...dockerEnvironment(),
    STRESS_BACKEND: 'docker',
    PRESSURE_DURATION: '12',
    LARGE_ATTACHMENT_RATE: '0',
  })
  const result = run.result as unknown as PressureResult | undefined
  expect(result?.backend.name).toBe('docker')
  expect(result?.verification).toMatchObject({
    verified: true,
    lost: 0,
    duplicated: 0,
    corrupted: 0,
    unreported: 0,
  })
  const sent = new Map(result?.accounts.map((account) => [account.account_id, account.sent]))
  expect(sent.get('smtp-newsletter')).toBeGreaterThan(0)
  expect(sent.get('smtp-newsletter-large')).toBeGreaterThan(0)
  expect(Object.keys(result?.resource_usage ?? {})).toEqual(expect.arrayContaining(['mailhog', 'sink']))
})
