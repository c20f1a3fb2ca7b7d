import { expect, test } from 'vitest'
import { MailstormError } from '../../src/error.ts'
import { reasonOf } from './refusal.ts'

/** As Docker 20.10 words them, through docker-modem. */
test.for([
  [
    '(HTTP code 500) server error - driver failed programming external connectivity on endpoint a (b): Error starting userland proxy: listen tcp4 127.0.0.1:40123: bind: address already in use',
    'port 127.0.0.1:40123 is taken: stop what listens there, or choose another port (0 = any free one)',
  ],
  [
    '(HTTP code 500) server error - driver failed programming external connectivity on endpoint a (b): Bind for 127.0.0.1:40123 failed: port is already allocated',
    'port 127.0.0.1:40123 is taken: stop what listens there, or choose another port (0 = any free one)',
  ],
  [
    '(HTTP code 500) server error - failed to update bridge store for object type *bridge.networkConfiguration: write /var/lib/docker/network/files/local-kv.db: no space left on device',
    'the disk of the container engine is full: make room there (docker system prune)',
  ],
  [
    '(HTTP code 500) server error - Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io: no such host',
    'its registry cannot be reached',
  ],
  [
    '(HTTP code 404) unexpected - manifest for nginx:9 not found: manifest unknown: manifest unknown',
    'its registry has no such image',
  ],
  [
    '(HTTP code 404) unexpected - pull access denied for nope, repository does not exist or may require docker login: denied',
    'its registry has no such image',
  ],
  ['(HTTP code 400) unexpected - something else.', 'something else'],
  ['it was not ready within 30000 ms', 'it was not ready within 30000 ms'],
] as const)('%s', ([message, reason]) => {
  expect(reasonOf(new Error(message))).toBe(reason)
})

test('takes the first sentence of an error that is for people already', () => {
  expect(reasonOf(new MailstormError('X', 'Failed to do it: no.', 'Try again.'))).toBe('Failed to do it: no')
})
