import { expect, test } from 'vitest'
import { resolveSpec, type ScenarioSpec } from './spec.ts'
import { checkSearch } from './spec-check.ts'

const BURST = {
  executor: 'shared-iterations',
  messages: 10,
  workers: 2,
  size: 'small',
  thresholds: [],
} as const
const STEADY = {
  executor: 'constant-arrival-rate',
  rate: 5,
  durationSeconds: 10,
  workers: 2,
  size: 'small',
  thresholds: [],
} as const

/** As from a suite in JavaScript, which no compiler has seen. */
const read = (spec: object, allowPublic = false) => resolveSpec(spec as ScenarioSpec, allowPublic)

test.each([
  [
    { size: 10 },
    'size 10 is too small. Allowed: small, medium, large, xlarge, or a number of bytes from 512',
  ],
  [{ size: 'smal' }, 'size "smal" is not a size'],
  [{ size: '10KB' }, 'size "10KB" is not a size'],
  [{ size: 1000.5 }, 'size 1000.5 is not a whole number of bytes'],
  [{ recipients: 0 }, 'recipients 0 is too small. Allowed: a whole number from 1 to 1,000; or'],
  [{ recipients: 1.5 }, 'recipients 1.5 is not a whole number'],
  [
    { replyTimeoutSeconds: 0 },
    'replyTimeoutSeconds 0 is too small. Allowed: a number from 0.1 to 3,600 seconds.',
  ],
  [{ replyTimeoutSeconds: Number.NaN }, 'replyTimeoutSeconds NaN is not a number'],
  [{ drainSeconds: -1 }, 'drainSeconds -1 is too small'],
  [{ maxDurationSeconds: 0 }, 'maxDurationSeconds 0 is too small'],
  [{ servers: 0 }, 'servers 0 is too small'],
  [{ messagesPerSession: 0 }, 'messagesPerSession 0 is too small'],
  [{ messagesPerSession: 'many' }, 'messagesPerSession "many" is neither a whole number nor unlimited'],
  [{ pipelining: 'all' }, 'pipelining "all" is not known. Allowed: off, commands, transactions'],
  [{ tls: 'ssl' }, 'tls "ssl" is not known. Allowed: none, starttls, implicit.'],
  [{ sender: 'nobody' }, 'sender "nobody" is not a mail address'],
  [{ recipient: 'a@example.com>\r\nDATA' }, 'is not a mail address'],
  [{ auth: { user: 'u' } }, 'auth.pass is missing'],
  [
    { auth: { user: 'u', pass: 'p', mechanism: 'NTLM' } },
    'auth.mechanism "NTLM" is not known. Allowed: PLAIN',
  ],
  [{ thresholds: 'lost==0' }, 'thresholds is not a list'],
  [{ messages: 'ten' }, 'messages "ten" is not a number'],
  [
    { rate: 10 },
    'rate changes nothing with shared-iterations, which sends its messages as fast as its workers can',
  ],
  [{ recipents: 3 }, 'there is no field recipents. Did you mean recipients?'],
  [{ retryDelay: 1 }, 'there is no field retryDelay. Did you mean retryDelaySeconds?'],
  [{ colour: 'red' }, 'there is no field colour. There are messages, '],
  [
    { auth: { user: 'u', pass: 'p', mechanisms: 'LOGIN' } },
    'there is no field auth.mechanisms. Did you mean auth.mechanism?',
  ],
])('a scenario with %o is refused before anything is booted', (change, why) => {
  expect(() => read({ ...BURST, ...change })).toThrow(why)
})

test('a stage of a ramp has no other fields', () => {
  const stages = [{ durationSeconds: 1, target: 5, targets: 6 }]
  const ramp = { executor: 'ramping-arrival-rate', stages, workers: 2, thresholds: [] }
  expect(() => read(ramp)).toThrow('there is no field stages[0].targets. Did you mean stages[0].target?')
})

test('everything that makes no sense stands in one error', () => {
  expect(() => read({ ...BURST, size: 1, tls: 'ssl', recipients: 0 })).toThrow(
    /^Failed to read the scenario:\n {2}size 1 .*\n {2}tls "ssl" .*\n {2}recipients 0 /,
  )
})

test('a password is never shown', () => {
  expect(() => read({ ...BURST, auth: { user: 'u', pass: 'geheim\n' } })).toThrow(
    'auth.pass (not shown) has control characters. Allowed: text of one line.',
  )
})

test('an address where real people may get the mail needs the same leave as in STRESS_RECIPIENT', () => {
  const real = { ...BURST, recipient: 'someone@company.com' }
  expect(() => read(real)).toThrow('is in company.com, where real people may get the mail')
  expect(() => read({ ...BURST, sender: 'someone@company.com' })).toThrow(
    'sender "someone@company.com" is in',
  )
  expect(read(real, true).mail.recipients).toEqual(['someone@company.com'])
})

test('at a rate each worker has a session; in the closed model there is nothing to set', () => {
  expect(() => read({ ...STEADY, maxSessions: 1 })).toThrow('maxSessions 1 is less than its 2 workers')
  expect(read({ ...STEADY, maxSessions: 2 }).maxSessions).toBe(2)
})

test('what is undefined was not said', () => {
  expect(read({ ...BURST, size: 600, recipients: undefined, auth: undefined })).toMatchObject({
    mail: { sizeBytes: 600 },
  })
})

test.each([
  [{ startRate: 0 }, 'startRate 0 is too small. Allowed: a number from 0.01 to 100,000 messages per second.'],
  [{ maxRate: 10 }, 'maxRate 10 is below startRate 50, where the search begins.'],
  [{ resolution: 0 }, 'resolution 0 is too small. Allowed: a number from 0.001 to 0.5.'],
  [{ seconds: Number.NaN }, 'seconds NaN is not a number'],
])('a search with %o is refused before its first rate', (change, why) => {
  const search = { startRate: 50, maxRate: 1_000, resolution: 0.05, seconds: 10 }
  expect(() => checkSearch({ ...search, ...change })).toThrow(why)
  expect(() => checkSearch(search)).not.toThrow()
})
