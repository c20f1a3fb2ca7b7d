import { beforeAll, describe, test } from 'vitest'
import { MailstormError } from '../../../src/error.ts'

describe('broken', () => {
  beforeAll(() => {
    setImmediate(() => {
      throw new Error('an error that nobody caught')
    })
    throw new MailstormError('NO_PORT', 'Failed to boot smtp-server-1: no port is free.')
  })
  test('worker 1', () => undefined)
})
