import { execFile } from 'node:child_process'
import { expect, test } from 'vitest'
import { HELP } from './proxy/options.ts'

/** Exit code and output of a benchmark, which ends before it starts anything. */
function asked(...args: string[]): Promise<{ code: unknown; stdout: string; stderr: string }> {
  const { promise, resolve } = Promise.withResolvers<{ code: unknown; stdout: string; stderr: string }>()
  execFile(process.execPath, args, (error, stdout, stderr) =>
    resolve({ code: error?.code ?? 0, stdout, stderr }),
  )
  return promise
}

test('prints the options with --help', async () => {
  expect(await asked('bench/proxy.ts', '--help')).toEqual({ code: 0, stdout: `${HELP}\n`, stderr: '' })
})

test.for([
  [['--round=3'], "Unknown option '--round'"],
  [['--rounds'], "Option '--rounds <value>' argument missing"],
  [['--rounds=few'], 'Failed to read --rounds: "few" is not a whole number above 0.'],
] as const)('refuses %j with one error and no stack', async ([args, message]) => {
  const { code, stdout, stderr } = await asked('bench/proxy.ts', ...args)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain(message)
  expect(stderr).toMatch(/See the options with --help\.\n$/)
  expect(stderr).not.toMatch(/^ +at /m)
})
