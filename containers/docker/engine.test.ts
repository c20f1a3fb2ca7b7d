import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { getAuthConfig } from 'testcontainers/build/container-runtime/auth/get-auth-config.js'
import { getReaperImage } from 'testcontainers/build/reaper/reaper.js'
import { expect, onTestFinished, test, vi } from 'vitest'
import { REAPER_IMAGE } from './engine.ts'

const SERVICES = ['fleet', 'mailhog', 'postgres/postgres', 'proxy', 'tenants']

/** Imports the given modules and reports which of Testcontainers' modules were loaded with them. */
const PROGRAM = `import { registerHooks } from 'node:module'
const loaded = []
registerHooks({
  resolve(specifier, context, next) {
    if (specifier.includes('testcontainers')) loaded.push(specifier)
    return next(specifier, context)
  },
})
for (const url of process.argv.slice(1)) await import(url)
console.log(JSON.stringify(loaded))`

async function loadedWith(...modules: string[]): Promise<string[]> {
  const urls = modules.map((name) => new URL(`../${name}.ts`, import.meta.url).href)
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...['--input-type=module', '--eval', PROGRAM],
    ...urls,
  ])
  return JSON.parse(stdout)
}

const STARTERS = ['../src/run/ground/servers', '../src/run/ground/postgres']

test('is loaded by nothing before a service starts in a container', async () => {
  expect(await loadedWith(...SERVICES, ...STARTERS)).toEqual([])
  expect(await loadedWith('docker/engine')).toContain('testcontainers')
}, 30_000)

test('fetches the reaper that the installed Testcontainers starts, and reads credentials by what it has inside', () => {
  onTestFinished(() => void vi.unstubAllEnvs())
  vi.stubEnv('RYUK_CONTAINER_IMAGE', undefined)
  expect(REAPER_IMAGE).toBe(getReaperImage())
  // image.ts imports it although the package does not export it; another version may have moved it.
  expect(getAuthConfig).toBeTypeOf('function')
})
