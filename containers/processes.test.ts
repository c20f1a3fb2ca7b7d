import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
import { memoryOf, ProcessTree } from './processes.ts'

const linuxTest = (title: string, body: () => Promise<void>) =>
  process.platform === 'linux' ? test(title, body) : test(title, (context) => context.skip('needs /proc'))

/** A parent whose child burns CPU for each line written to it and answers when it is done. */
const CHILD = `process.stdin.on('data', () => {
  const end = process.cpuUsage().user + 200_000
  while (process.cpuUsage().user < end);
  console.log('done')
})`
const PARENT = `const child = require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(CHILD)}], { stdio: 'inherit' })
child.on('spawn', () => console.log('up'))`

async function family(): Promise<ChildProcessByStdio<Writable, Readable, null>> {
  const parent = spawn(process.execPath, ['-e', PARENT], { stdio: ['pipe', 'pipe', 'inherit'] })
  onTestFinished(() => void parent.kill('SIGKILL'))
  await once(parent.stdout, 'data')
  return parent
}

linuxTest('counts the CPU and the memory of the children too', async () => {
  const parent = await family()
  const tree = new ProcessTree(parent.pid ?? 0)
  const before = performance.now()
  expect((await tree.usage())?.cpuPercent).toBe(0)
  parent.stdin.write('go\n')
  await once(parent.stdout, 'data')
  const usage = await tree.usage()
  const seconds = (performance.now() - before) / 1000
  expect(((usage?.cpuPercent ?? 0) / 100) * seconds).toBeGreaterThan(0.15)
  expect(usage?.memoryBytes).toBeGreaterThan(20 * 1024 ** 2)
  parent.stdin.end()
})

linuxTest('knows nothing of a process that is gone', async () => {
  const child = spawn(process.execPath, ['-e', ''])
  await once(child, 'exit')
  expect(await new ProcessTree(child.pid ?? 0).usage()).toBeUndefined()
})

test('memory that may not be read in its proportional form is resident memory, not 0', async () => {
  const files: Record<string, string> = { status: 'Name:\tnode\nVmRSS:\t   51200 kB\n' }
  expect(await memoryOf(1, async (_pid, name) => files[name] ?? '')).toBe(51_200 * 1024)
  files.smaps_rollup = 'Rss:       51200 kB\nPss:               20480 kB\n'
  expect(await memoryOf(1, async (_pid, name) => files[name] ?? '')).toBe(20_480 * 1024)
})
