import { describe, expect, test } from 'vitest'
import { MailstormError } from '../../../src/error.ts'
import { brokenResult } from '../../../src/report/result.fixture.ts'

describe('failed', () => {
  for (let worker = 1; worker <= 50; worker++) {
    test.concurrent(`worker ${worker}: 100 messages`, ({ task }) => {
      if (worker === 50)
        task.meta.mailstormResult = { ...brokenResult(), scenario: 'failed', status: 'complete' }
      if (worker > 20) throw new MailstormError('UNREACHABLE', 'Failed to connect: smtp-server-3 refuses.')
    })
  }
  test('success_rate>=0.99', () => {
    expect.fail('success_rate>=0.99 — was 97.60 %')
  })
  test('a mistake in a suite', () => {
    expect({ accepted: 1 }).toEqual({ accepted: 2 })
  })
})
