import { spawn } from 'node:child_process'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { pressureResult } from '../../src/report/html/pressure.fixture.ts'
import { brokenResult, burstResult } from '../../src/report/result.fixture.ts'
import { shareFile } from '../../src/results/merge/share.fixture.ts'
import { olderRun } from '../../src/results/older.fixture.ts'
import { resultJson } from '../../src/results/result-json.ts'
import { CLI, folderWith, mailstorm } from './mailstorm.ts'

const { metrics } = burstResult()
const SLOW = { ...metrics, throughput: 400, messages_per_second: 400 }

const FILES = {
  '20260102-030405-burst.json': resultJson(burstResult()),
  '20260102-040405-burst.json': resultJson(burstResult({ stamp: '20260102-040405', metrics: SLOW })),
  '20260102-050405-heavy.json': resultJson({
    ...brokenResult(),
    scenario: 'heavy',
    stamp: '20260102-050405',
  }),
  'v0.1-burst.json': JSON.stringify(olderRun()),
  'pressure.json': resultJson(pressureResult({ stamp: '20260102-020000' })),
  'damaged.json': resultJson(burstResult()).slice(0, 700),
  'foreign.json': '{"name":"something else"}',
}

/** With a folder `results`, as a project has it. */
async function project(files: Readonly<Record<string, string>> = FILES): Promise<string> {
  const folder = await folderWith({})
  await mkdir(join(folder, 'results'))
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, 'results', name), text)
  return folder
}

test('list shows all runs, names what it skips on stderr, and has no colours in a pipe', async () => {
  const { exitCode, out, err } = await mailstorm(await project(), ['list'])
  expect(exitCode).toBe(0)
  expect(out.match(/^(v|2|p).*\.json/gm)).toEqual([
    'v0.1-burst.json',
    'pressure.json',
    '20260102-030405-burst.json',
    '20260102-040405-burst.json',
    '20260102-050405-heavy.json',
  ])
  expect(err).toMatch(/Skipped 2 files:\n {2}damaged\.json: damaged: .+\n {2}foreign\.json: not the result/)
  expect(out + err).not.toContain('\u001b')
})

test('list --json is for machines', { tags: 'long' }, async () => {
  const { out, err } = await mailstorm(await project(), ['list', '--json'])
  const { runs, skipped } = JSON.parse(out)
  expect(runs).toHaveLength(5)
  expect(runs[0]).toMatchObject({ format: 'older', lost: null, latency_ms: { p95: 11 } })
  expect(skipped).toHaveLength(2)
  expect(err).toBe('')
})

test('summary has a row for each scenario', { tags: 'long' }, async () => {
  const { exitCode, out } = await mailstorm(await project(), ['summary'])
  expect(exitCode).toBe(0)
  expect(out).toMatch(/5 runs of 4 scenarios in results/)
  expect(out).toMatch(/^burst +embedded +2 /m)
})

test('latest shows the newest run, and fails when that failed', async () => {
  const { exitCode, out } = await mailstorm(await project(), ['latest'])
  expect(out).toContain('20260102-050405  heavy')
  expect(out).toMatch(/\[FAILED\] heavy: stopped early/)
  expect(exitCode).toBe(1)
})

test('latest says what to do when there is none', async () => {
  const { exitCode, err } = await mailstorm(await folderWith({}), ['latest'])
  expect(exitCode).toBe(2)
  expect(err).toBe(
    'Failed to show the latest run: there is none in results.\nStart one: npx mailstorm run quick.\n',
  )
})

const finds = async ([name, line]: readonly [name: string, line: RegExp]) => {
  const { exitCode, out } = await mailstorm(await project(), ['analyze', name])
  expect(exitCode).toBe(0)
  expect(out).toMatch(line)
}

test.for([['v0.1-burst.json', /^\[WARNING\] Status: WARNING - 2 of 400 messages not successful$/m]] as const)(
  'analyze finds %s',
  finds,
)

test.for([
  ['20260102-030405-burst', /^\[PASSED\] burst: no errors$/m],
  ['results/20260102-030405-burst.json', /^\[PASSED\] burst: no errors$/m],
] as const)('analyze finds %s', { tags: 'long' }, finds)

test('analyze shows a run against a mail proxy', { tags: 'long' }, async () => {
  const { out } = await mailstorm(await project(), ['analyze', 'pressure'])
  expect(out).toContain('tenant-1')
  expect(out).toContain('Diagnosis:')
})

test('analyze shows what an incomplete file has, and says what is missing', {
  tags: 'long',
}, async () => {
  const { ledger: _ledger, ...rest } = burstResult()
  const folder = await project({ 'half.json': JSON.stringify(rest) })
  const { exitCode, out } = await mailstorm(folder, ['analyze', 'half'])
  expect(exitCode).toBe(0)
  expect(out).toMatch(/Messages\/Sec: +1,188\/s/)
  expect(out).toMatch(/Incomplete: ledger: /)
})

type Wrong = readonly [what: string, args: readonly string[], message: RegExp]

const isOneError = async ([, args, message]: Wrong) => {
  const { exitCode, err } = await mailstorm(await project(), [...args])
  expect(err).toMatch(message)
  expect(err).not.toMatch(/\n\s+at /)
  expect(exitCode).toBe(2)
}

test.for<Wrong>([
  ['a file that is not there', ['analyze', 'nothing'], /Failed to find "nothing": it is neither a file/],
  ['different kinds', ['compare', '20260102-030405-burst', 'pressure'], /is a run against a mail proxy/],
  ['an option that there is not', ['list', '--jsn'], /unknown option '--jsn'[\s\S]*--json/],
])('%s is one clear error and exit code 2', isOneError)

test.for<Wrong>([
  ['a damaged file', ['analyze', 'damaged'], /Failed to read .*damaged\.json: damaged: /],
  ['a foreign file', ['analyze', 'foreign'], /it is JSON, but not the result of a run/],
  ['a side without runs', ['compare', '20260102-030405-burst'], /1 file was given/],
  ['three sides', ['compare', 'a', 'b', 'c'], /3 files were given/],
  [
    'a limit that is none',
    ['compare', 'a', 'b', '--p95-limit', 'ten'],
    /--p95-limit ten: it is a number from 0 to 100,000 percent/,
  ],
  [
    'a limit that can never be passed',
    ['compare', 'a', 'b', '--success-limit', '200'],
    /--success-limit 200: it is a number from 0 to 100 percent/,
  ],
  ['a place for a merged run that is no JSON', ['merge', 'a', 'b', '-o', 'x.html'], /does not end in \.json/],
  ['a number of lines that is none', ['logs', '--lines', '0'], /--lines 0: it is a whole number from 1/],
  [
    'a run that is no part',
    ['merge', '20260102-030405-burst', '20260102-040405-burst'],
    /is not part of a shared run/,
  ],
  ['a scenario that there is not', ['run', 'burts'], /no such scenario[\s\S]*There are: .*burst, .*custom/],
  ['a value that is not allowed', ['run', 'custom', '--workers', '0'], /STRESS_WORKERS="0" is too small/],
  ['a baseline that there is not', ['baseline', 'show', 'ci'], /there is no such file/],
  [
    'a baseline of a run that was cut short',
    ['baseline', 'save', 'ci', '20260102-050405-heavy'],
    /ended early/,
  ],
  ['a command that there is not', ['summarize'], /unknown command 'summarize'/],
])('%s is one clear error and exit code 2', { tags: 'long' }, isOneError)

test('compare exits with 1 on a regression, and with 0 the other way round', async () => {
  const folder = await project()
  const [fast, slow] = ['20260102-030405-burst', '20260102-040405-burst']
  const worse = await mailstorm(folder, ['compare', fast, slow])
  expect(worse.exitCode).toBe(1)
  expect(worse.out).toMatch(/\[REGRESSION\] B is worse than A:\n {2}throughput 1,188\/s → 400\.0\/s/)
  const better = await mailstorm(folder, ['compare', slow, fast, '--json'])
  expect(better.exitCode).toBe(0)
  expect(JSON.parse(better.out)).toMatchObject({ kind: 'smtp', verdict: 'no-regression' })
})

test('compare takes several files on each side, and limits of one’s own', { tags: 'long' }, async () => {
  const [fast, slow] = ['20260102-030405-burst', '20260102-040405-burst']
  const args = ['compare', fast, fast, '--against', slow, slow, '--throughput-limit', '80']
  const { exitCode, out } = await mailstorm(await project(), args)
  expect(exitCode).toBe(0)
  expect(out).toContain('A and B are medians')
})

test('a baseline of a run in which nothing was accepted is refused, and leaves none', {
  tags: 'long',
}, async () => {
  const { metrics } = burstResult()
  const nothing = burstResult({ metrics: { ...metrics, success_rate: 0, successful_messages: 0 } })
  const folder = await project({ 'nothing.json': resultJson(nothing) })
  const { exitCode, err } = await mailstorm(folder, ['baseline', 'save', 'ci', 'nothing'])
  expect(err).toMatch(/no message of .*nothing\.json was accepted[\s\S]*[Ee]very run would pass/)
  expect(exitCode).toBe(2)
  expect(await readdir(folder)).not.toContain('baselines')
})

test('a baseline is saved, listed, shown and compared with', async () => {
  const folder = await project()
  const saved = await mailstorm(folder, ['baseline', 'save', 'ci', '20260102-030405-burst'])
  expect(saved.exitCode).toBe(0)
  expect(saved.out).toContain('baselines/ci.json')
  expect(await readdir(join(folder, 'baselines'))).toEqual(['ci.json'])
  await writeFile(join(folder, 'baselines', 'bad.json'), '{')
  const listed = await mailstorm(folder, ['baseline', 'list'])
  expect(listed.out).toMatch(/^ci +burst +embedded +1 +1,188\/s/m)
  expect(listed.out).toMatch(/Skipped 1 file:\n {2}bad\.json: /)
  expect((await mailstorm(folder, ['baseline', 'show', 'ci'])).out).toMatch(/Throughput: +1,188\/s/)
  const compared = await mailstorm(folder, ['compare', 'ci', '20260102-040405-burst'])
  expect(compared.exitCode).toBe(1)
})

test('merge writes one result of several generators', async () => {
  const part = (index: number) => resultJson(shareFile({ index, startedMs: 30 * index }).json as object)
  const folder = await project({ 'g0.json': part(0), 'g1.json': part(1) })
  const { exitCode, out } = await mailstorm(folder, ['merge', 'g0', 'g1', '-o', 'whole.json'])
  expect(exitCode).toBe(0)
  expect(out).toMatch(/Total: +10,000/)
  expect(out).toContain('30 ms apart')
  const whole = JSON.parse(await readFile(join(folder, 'whole.json'), 'utf8'))
  expect(whole).toMatchObject({ run_id: 'night7', merged: { generators: 2, start_skew_ms: 30 } })
  expect(await readFile(join(folder, 'whole.md'), 'utf8')).toContain('30 ms apart')
  expect(await readFile(join(folder, 'whole.html'), 'utf8')).toContain('>Generators</h2>')
  const stored = await mailstorm(folder, ['merge', 'g0', 'g1'])
  const names = ['json', 'md', 'html'].map((extension) => `results/20260102-030405-burst.${extension}`)
  expect(stored.out).toContain(`Written: ${names.join(', ')}`)
  for (const name of names) expect((await readFile(join(folder, name), 'utf8')).length).toBeGreaterThan(500)
  expect(await readFile(join(folder, 'results/index.html'), 'utf8')).toContain('burst.html')
})

test.for(['list', 'summary', 'latest', 'analyze', 'compare', 'merge', 'run'])(
  '%s --help tells its exit codes',
  { tags: 'long' },
  async (command) => {
    const { exitCode, out } = await mailstorm(await folderWith({}), [command, '--help'])
    expect(exitCode).toBe(0)
    expect(out).toMatch(/Exit codes:\n {2}0 +\S/)
  },
)

test('a closed pipe ends no command: it does its work and keeps its exit code', {
  tags: 'long',
}, async () => {
  const folder = await project()
  const script = '{ "$@"; echo "exit code $?" >&2; } | true'
  const child = spawn(
    'sh',
    ['-c', script, 'sh', process.execPath, CLI, 'analyze', 'results/20260102-030405-burst.json'],
    {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  )
  let err = ''
  for await (const text of child.stderr.setEncoding('utf8')) err += text
  expect(err).toBe('exit code 0\n')
})
