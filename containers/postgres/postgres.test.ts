import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { identityOf, lives } from '../../src/processes.ts'
import { query, testPostgres } from './postgres.contract.ts'
import { embeddedPostgres, type RunningPostgres } from './postgres.ts'

/** This test's own temporary folder: others on this machine boot PostgreSQL too. */
let temporary = ''

beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'mailstorm-test-'))
  // PostgreSQL does not run as root, and its user needs access.
  await chmod(temporary, 0o755)
  vi.stubEnv('TMPDIR', temporary)
})

afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(temporary, { recursive: true, force: true })
})

testPostgres({
  implementation: 'embedded',
  newService: embeddedPostgres,
  kill: (postgres) => process.kill(postgres.pid, 'SIGKILL'),
  leftOf: async ({ pid }) => [...(await foldersOfOurs()), ...(existsSync(`/proc/${pid}`) ? [pid] : [])],
})

test.for([
  ['it', (postgres: RunningPostgres) => postgres.pid],
  // PostgreSQL then runs on, with its port and its data.
  ['the program that looks after it', (postgres: RunningPostgres) => parentOf(postgres.pid)],
] as const)('starts again with its data after kill -9 of %s; stop() removes them', async ([, victim]) => {
  const first = await embeddedPostgres({ keepsData: true }).start()
  await using _first = first
  const firstOne = identityOf(first.pid)
  await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer')
  await query(first.url, 'CHECKPOINT')
  process.kill(victim(first), 'SIGKILL')
  expect(await first.ended).toMatchObject({ by: 'killed by SIGKILL' })
  const second = (await first.startAgain?.()) as RunningPostgres
  await using _second = second
  const secondOne = identityOf(second.pid)
  expect(second.url).toBe(first.url)
  expect(second.pid).not.toBe(first.pid)
  expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
  await second.stop()
  expect((await foldersOfOurs()).size).toBe(0)
  // A dead orphan stays in /proc until init reaps it, which takes some a second or two.
  expect([firstOne, secondOne].filter(lives)).toEqual([])
})

test('data that are not to be kept go with it: there is no starting again', { tags: 'long' }, async () => {
  const postgres = await embeddedPostgres().start()
  await using _postgres = postgres
  process.kill(postgres.pid, 'SIGKILL')
  await postgres.ended
  expect(postgres.startAgain).toBeUndefined()
  expect((await foldersOfOurs()).size).toBe(0)
})

test('keeps no data once whoever started it is gone', { tags: 'long' }, async () => {
  const program = `import { embeddedPostgres } from ${JSON.stringify(new URL('postgres.ts', import.meta.url).href)}
    console.log((await embeddedPostgres({ keepsData: true }).start()).pid)`
  const parent = spawn(process.execPath, ['--input-type=module', '-e', program])
  await once(parent.stdout, 'data')
  parent.kill('SIGKILL')
  await expect.poll(async () => (await foldersOfOurs()).size, { timeout: 30_000 }).toBe(0)
})

test('goes with the process that started it, even if that is killed', async () => {
  const before = await foldersOfOurs()
  const program = `import { embeddedPostgres } from ${JSON.stringify(new URL('postgres.ts', import.meta.url).href)}
    console.log((await embeddedPostgres().start()).pid)`
  const parent = spawn(process.execPath, ['--input-type=module', '-e', program])
  const [output] = (await once(parent.stdout, 'data')) as [Buffer]
  const pid = Number(output.toString())
  const identity = identityOf(pid)
  expect(lives(identity)).toBe(true)
  parent.kill('SIGKILL')
  await expect.poll(() => lives(identity), { timeout: 30_000 }).toBe(false)
  await expect.poll(async () => (await foldersOfOurs()).difference(before).size, { timeout: 30_000 }).toBe(0)
})

test('leaves nothing behind when its parent is killed while it is set up', async () => {
  const program = `import { embeddedPostgres } from ${JSON.stringify(new URL('postgres.ts', import.meta.url).href)}
    embeddedPostgres().start()`
  const parent = spawn(process.execPath, ['--input-type=module', '-e', program])
  await expect.poll(async () => (await foldersOfOurs()).size, { timeout: 30_000 }).toBe(1)
  parent.kill('SIGKILL')
  await expect.poll(async () => (await foldersOfOurs()).size, { timeout: 30_000 }).toBe(0)
}, 60_000)

function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
}

async function foldersOfOurs(): Promise<Set<string>> {
  return new Set((await readdir(temporary)).filter((name) => name.startsWith('mailstorm-postgres-')))
}
