import { execFile } from 'node:child_process'
import { expect, test } from 'vitest'
import { HELP } from './options.ts'
import { HELP as PROXY_HELP } from './proxy/options.ts'

/** Exit code and output of a benchmark, which ends before it starts anything. */
function asked(...args: string[]): Promise<{ code: unknown; stdout: string; stderr: string }> {
  const { promise, resolve } = Promise.withResolvers<{ code: unknown; stdout: string; stderr: string }>()
  execFile(process.execPath, args, (error, stdout, stderr) =>
    resolve({ code: error?.code ?? 0, stdout, stderr }),
  )
  return promise
}

test.for([
  ['bench/engine.ts', HELP],
  ['bench/proxy.ts', PROXY_HELP],
] as const)('%s prints its options with --help', async ([program, help]) => {
  expect(await asked(program, '--help')).toEqual({ code: 0, stdout: `${help}\n`, stderr: '' })
})

test.for([
  ['bench/proxy.ts', '--round=3', "Unknown option '--round'"],
  ['bench/proxy.ts', '--rounds', "Option '--rounds <value>' argument missing"],
  ['bench/proxy.ts', '--rounds=few', 'Failed to read --rounds: "few" is not a whole number above 0.'],
  ['bench/vitest-overhead.ts', '--rounds=0', 'Failed to read --rounds: "0" is not a whole number above 0.'],
  ['bench/limits.ts', '--sessions=many', 'Failed to read --sessions: "many" is not a whole number.'],
  ['bench/engine.ts', '--bar=x', '--bar'],
  ['bench/engine.ts', '--round=3', "Unknown option '--round'"],
] as const)('%s refuses %s with one error and no stack', async ([program, option, message]) => {
  const { code, stdout, stderr } = await asked(program, option)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain(message)
  expect(stderr).toMatch(/See the options with --help\.\n$/)
  expect(stderr).not.toMatch(/^ +at /m)
})
