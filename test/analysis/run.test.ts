import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { folderWith, mailstorm } from './mailstorm.ts'

/** Whole runs, several to a test, beside whatever else the machine does. */
const LIMIT = { timeout: 120_000 }
const SMALL = [
  'run',
  'custom',
  '--messages',
  '200',
  '--workers',
  '5',
  '--size',
  'small',
  '--backend',
  'embedded',
]

test('runs one scenario with the load that was asked for, and copies its result', LIMIT, async () => {
  const folder = await folderWith({})
  const { exitCode, out } = await mailstorm(folder, [...SMALL, '--servers', '2', '--output', 'mine.json'])
  expect(out).toContain('custom')
  expect(exitCode).toBe(0)
  const result = JSON.parse(await readFile(join(folder, 'mine.json'), 'utf8'))
  expect(result).toMatchObject({
    scenario: 'custom',
    message_size: 1024,
    concurrent_workers: 5,
    metrics: { total_messages: 200, successful_messages: 200 },
    servers: ['smtp-server-1', 'smtp-server-2'],
  })
  expect(await readdir(join(folder, 'results'))).toContain('latest.json')
})

test('passes on the exit code of a failed run', { ...LIMIT, tags: 'long' }, async () => {
  const folder = await folderWith({})
  const { exitCode, out } = await mailstorm(folder, [
    ...SMALL,
    '--thresholds',
    'p(99)<0.001',
    '-o',
    'elsewhere',
  ])
  expect(out).toMatch(/p\(99\)<0\.001 — was/)
  expect(exitCode).toBe(1)
  expect(await readdir(join(folder, 'elsewhere'))).toContain('latest.json')
})

test('Ctrl-C ends it as it ends the run: what was measured is written, and the code is 130', {
  ...LIMIT,
  tags: 'long',
}, async () => {
  const folder = await folderWith({})
  let stopped = false
  const args = [
    'run',
    'custom',
    '--mode',
    'sustained',
    '--rate',
    '20',
    '--duration',
    '600',
    '--backend',
    'embedded',
  ]
  const { exitCode } = await mailstorm(folder, args, (output, child) => {
    if (stopped || !/\d+ (?:of|\/) /.test(output)) return
    stopped = true
    child.kill('SIGINT')
  })
  expect(exitCode).toBe(130)
  const latest = JSON.parse(await readFile(join(folder, 'results', 'latest.json'), 'utf8'))
  expect(latest).toMatchObject({ status: 'partial', partial_reason: 'interrupted' })
})

/** So that how fast this machine is just now decides nothing. */
async function setBaseline(folder: string, figures: Readonly<Record<string, number>>): Promise<void> {
  const path = join(folder, 'baselines', 'ci.json')
  const baseline = JSON.parse(await readFile(path, 'utf8'))
  Object.assign(baseline.runs[0].figures, figures)
  await writeFile(path, JSON.stringify(baseline))
}

test('holds a run against a baseline, and fails it when it is worse', {
  ...LIMIT,
  tags: 'long',
}, async () => {
  const folder = await folderWith({})
  await mailstorm(folder, SMALL)
  expect((await mailstorm(folder, ['baseline', 'save', 'ci'])).exitCode).toBe(0)
  const gated = [...SMALL, '--baseline', 'ci', '--thresholds', 'regression<95%']
  await setBaseline(folder, { throughput: 0.1, 'p(95)': 1e6 })
  const better = await mailstorm(folder, gated)
  expect(better.out).toMatch(/pass +regression<95% +0\.00 % +95\.00 %/)
  expect(better.exitCode).toBe(0)

  await setBaseline(folder, { throughput: 1e6 })
  const worse = await mailstorm(folder, gated)
  expect(worse.out).toMatch(/regression<95% — was 99\.\d+ % \(throughput[);]/)
  expect(worse.exitCode).toBe(1)

  const other = await mailstorm(folder, [...gated, '--servers', '2'])
  expect(other.out).toMatch(/no data: baseline ci is of a different workload: servers: 5 vs\. 2/)
  expect(other.exitCode).toBe(1)
})

test('a baseline that is not there ends it before anything is booted', LIMIT, async () => {
  const { exitCode, out, err } = await mailstorm(await folderWith({}), [...SMALL, '--baseline', 'nowhere'])
  expect(out + err).toMatch(/nowhere\.json: there is no such file/)
  expect(out + err).not.toMatch(/embedded \(|0 of 200/)
  expect(exitCode).not.toBe(0)
})
