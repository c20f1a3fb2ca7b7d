// @module-tag long

import { expect, test } from 'vitest'
import { stress } from '../e2e/stress.ts'

const limit = { timeout: 60_000 }
/** RFC 863 section 1: discard; nobody listens there. */
const NOBODY = 'http://127.0.0.1:9'

test('leaves out the part of a scale run that is for another number of proxies', limit, async () => {
  const { output } = await stress('scale > 3 proxies', { PROXY_URL: NOBODY })
  expect(output).toContain('it is for 3, and PROXY_URL names 1')
})

test('says which proxy does not answer, before anything is pressed', limit, async () => {
  const { output, exitCode, result } = await stress('cliff', { PROXY_URL: NOBODY })
  expect(exitCode).toBe(1)
  expect(result).toBeUndefined()
  expect(output).toContain(`Failed to reach the proxy at ${NOBODY}: it does not answer ${NOBODY}/metrics.`)
})
