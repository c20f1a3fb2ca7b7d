import { describe, expect, test } from 'vitest'
import { requireNode, requirePackages } from './packages.ts'

describe('the Node that runs us', () => {
  test.for(['22.12.0', '22.20.1', '24.0.0'])('may be %s where 22.12.0 is the oldest', (running) => {
    expect(() => requireNode(running, '>=22.12.0')).not.toThrow()
  })

  test.for(['20.20.2', '22.11.0'])('is refused as %s, with what is needed', (running) => {
    expect(() => requireNode(running, '>=22.12.0')).toThrow(
      new RegExp(`it needs Node 22\\.12\\.0 or newer, and this is Node ${running} `),
    )
  })

  test('is new enough for what package.json says', () => {
    expect(() => requireNode()).not.toThrow()
  })
})

test('packages that are missing are asked for once each', () => {
  const ask = () => requirePackages('try it', ['no-such-package', 'zod', 'no-such-package'])
  expect(ask).toThrow('Failed to try it: the package no-such-package is not installed.')
})
