import { expect, onTestFinished, test } from 'vitest'
import { serveKeeper } from './api.ts'
import type { KeptService } from './service-keeper.ts'

test('status tells the CPU between two readings of its own, however long ago the last one was', async () => {
  let readings = 0
  const busy = {
    name: 'busy',
    address: 'smtp://127.0.0.1:2525',
    state: 'running',
    restarts: 0,
    // The first reading of a process cannot know its CPU use.
    usage: async () => ({ cpuPercent: readings++ === 0 ? 0 : 42, memoryBytes: 1_024 }),
  } as unknown as KeptService
  const { server, port } = await serveKeeper([busy], [])
  onTestFinished(() => void server.close())
  const response = await fetch(`http://127.0.0.1:${port}/status`)
  expect(await response.json()).toMatchObject([{ name: 'busy', cpu_percent: 42, memory_bytes: 1_024 }])
  expect(readings).toBe(2)
})
