import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readOptions } from '../options/options.ts'
import { burstResult } from '../report/result.fixture.ts'
import { storeResult } from '../results/store.ts'
import { withLogs } from './archive-logs.ts'

test('logs, result and Markdown of a run share one name, also among runs of the same second', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mailstorm-archive-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const options = readOptions({ STRESS_RESULTS_DIR: folder })
  const server = { name: 'smtp-server-1', logTail: async () => ['a line'] }
  const ids = ['a', 'b', 'c', 'd']
  const names = await Promise.all(
    ids.map(async (run_id) => {
      const result = burstResult({ run_id, verdict: 'FAILED' })
      const archived = await withLogs(result, [server], options)
      const { logs } = archived
      if (logs === undefined) throw new Error('no archive')
      const { json } = await storeResult(folder, archived, '')
      expect(join(folder, logs)).toBe(json.replace(/\.json$/, '-logs.tar.gz'))
      return logs
    }),
  )
  expect(new Set(names).size).toBe(ids.length)
  const present = await readdir(folder)
  for (const extension of ['.json', '.md', '-logs.tar.gz'])
    expect(present.filter((name) => name.startsWith('2026') && name.endsWith(extension))).toHaveLength(4)
  expect(present.filter((name) => name.startsWith('.'))).toEqual([])
})
