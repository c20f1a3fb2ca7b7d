import { expect, test } from 'vitest'
import { createTenant } from '../programs/tenants/tenant.ts'
import { tenantOverrides } from './pressure.ts'

test('overrides of a profile what was given, 0 too, and nothing else', () => {
  const overrides = tenantOverrides({ DND_PROBABILITY: 0, ATTACHMENT_CACHE_HIT_RATE: 0.9 })
  expect(overrides).toEqual({ dndShare: 0, cachedShare: 0.9 })
  const { facts } = createTenant({ profile: 'newsletter', ...overrides })
  expect(facts).toMatchObject({ dndShare: 0, cachedShare: 0.9, messagesPerSync: 50, largeShare: 0.15 })
})

test('sets each figure of a profile from its variable', () => {
  const values = {
    MSG_RATE_PER_SYNC: 1,
    ATTACHMENT_CACHE_HIT_RATE: 0.2,
    DND_PROBABILITY: 0.3,
    LARGE_ATTACHMENT_RATE: 0.4,
  }
  expect(tenantOverrides(values)).toEqual({
    messagesPerSync: 1,
    cachedShare: 0.2,
    dndShare: 0.3,
    largeShare: 0.4,
  })
})
