import { SMTPConnection } from 'smtp-server/lib/smtp-connection.js'
import { expect, test } from 'vitest'
import { assertReplaceable } from './prompt-connection.ts'

test('the installed npm smtp-server is as our replacements expect it', () => {
  expect(() => assertReplaceable()).not.toThrow()
})

test('refuses to run with a package that no longer looks so, and says what is missing', () => {
  expect(() => assertReplaceable([[SMTPConnection, 'init', 'setTimeout(ready, 200)']])).toThrow(
    'Failed to start: the installed npm smtp-server has no "setTimeout(ready, 200)" in init().',
  )
  expect(() => assertReplaceable([[SMTPConnection, 'noSuchMethod', 'x']])).toThrow('in noSuchMethod()')
})
