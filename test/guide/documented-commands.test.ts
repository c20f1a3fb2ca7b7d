import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { copyFile, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { embeddedSmtpServer, type RunningSmtpServer } from '../../containers/smtp-server.ts'
import { RUN_OPTIONS, WORKLOAD_OPTIONS } from '../../src/cli/run-options.ts'
import { BARE_ENVIRONMENT } from '../child-process.ts'
import { COVERAGE, type Coverage, type Documented, documentedCommands, PACKAGE } from './documented.ts'
import { ROOT } from './guide.ts'

const COMMANDS = documentedCommands()

function coverageOf({ command }: Documented): Coverage | undefined {
  return COVERAGE.find(({ what }) => what.test(command))
}

/** Of a scenario that only the reader's own repository has. */
function elsewhere(one: Documented): boolean {
  const coverage = coverageOf(one)
  return coverage !== undefined && 'by' in coverage && coverage.by === PACKAGE
}

test('every command of README and docs is run here, or by a test or a step that is there', () => {
  expect(COMMANDS.length).toBeGreaterThan(100)
  expect(COMMANDS.filter((one) => coverageOf(one) === undefined)).toEqual([])
  const steps = readFileSync(join(ROOT, '.ci/run'), 'utf8')
  for (const coverage of COVERAGE) {
    expect(
      COMMANDS.some((one) => coverageOf(one) === coverage),
      `${coverage.what} is of no command`,
    ).toBe(true)
    if ('run' in coverage) continue
    const [, step] = /^\.ci\/run: (.*)$/.exec(coverage.by) ?? []
    if (step === undefined) expect(existsSync(join(ROOT, coverage.by)), coverage.by).toBe(true)
    else expect(steps, step).toContain(step)
  }
})

describe('every run that is shown', () => {
  const runs = COMMANDS.filter((one) => !elsewhere(one))
    .map(({ command }) => ({ command, run: runIn(command) }))
    .filter(({ run }) => run !== undefined)

  test('names scenarios that exist, and says nothing that would be refused or change nothing', () => {
    const given = JSON.stringify(runs.map(({ run }) => run))
    const args = ['--input-type=module-typescript', '-e', CHECK_THE_RUNS, given]
    const env = BARE_ENVIRONMENT
    const said: string[] = JSON.parse(
      execFileSync(process.execPath, args, { cwd: ROOT, env, encoding: 'utf8' }),
    )
    expect(runs.length).toBeGreaterThan(50)
    const problems = runs.flatMap(({ command, run }, index) =>
      // A baseline is made by the command before: that one is run below.
      said[index] === '' || run?.env.STRESS_BASELINE !== undefined ? [] : [`${command}: ${said[index]}`],
    )
    expect(problems).toEqual([])
  })
})

interface Run {
  /** Of `-t`; undefined for all that runs by default. */
  readonly pattern: string | undefined
  readonly env: Record<string, string>
}

/** What a command that starts a run says to it, with something in the place of what the reader has to fill in. */
function runIn(command: string): Run | undefined {
  const words = [...command.matchAll(/(?:[^\s']|'[^']*')+/g)].map(([word]) => word.replaceAll("'", ''))
  const env = Object.fromEntries(
    words.flatMap((word) => {
      const [, name, value = ''] =
        /^((?:STRESS|SMTP|PROXY|PRESSURE|MSG|DND|ATTACHMENT|LARGE)_\w+)=(.*)$/.exec(word) ?? []
      return name === undefined ? [] : [[name, filledIn(name, value)]]
    }),
  )
  const flag = words.indexOf('-t')
  if (command.includes('vitest.stress.config.ts'))
    return { pattern: flag === -1 ? undefined : words[flag + 1], env }
  const [, scenario] = /mailstorm run ([\w-]+)/.exec(command) ?? []
  if (scenario === undefined) return undefined
  const options = { ...WORKLOAD_OPTIONS, ...RUN_OPTIONS }
  for (const [option, [variable]] of Object.entries(options)) {
    const at = words.indexOf(`--${option}`)
    if (at !== -1) env[variable] = filledIn(variable, words[at + 1] ?? '')
  }
  return { pattern: `^${scenario}( |$)`, env }
}

/** Which scenario, variables and flags: the order and the numbers of them left out. */
function formOf(command: string): string {
  if (runIn(command) === undefined) return command
  const words = command.replaceAll(/'[^']*'|\d+|\b(small|medium|large)\b/g, '').split(/\s+/)
  return words.toSorted().join(' ')
}

function filledIn(name: string, value: string): string {
  if (name === 'PROXY_URL' && value === '…') return 'http://127.0.0.1:8000'
  if (name === 'PROXY_DATABASE_URL' && value === '…') return 'postgresql://u:p@127.0.0.1:5432/proxy'
  return value.replace('$i', '0').replace('$start', '2026-11-22T10:00:00Z').replace(':PORT', ':2525')
}

/** As Vitest's own process does before it boots anything: prints why each would be refused, or nothing. */
const CHECK_THE_RUNS = `
import { globSync } from 'node:fs'
import { asksFor } from './src/run/spec/asked-projects.ts'
import { checkLoad } from './src/run/spec/load-check.ts'
import { readSuites } from './src/run/spec/suite-reading.ts'
const { scenarios } = await readSuites(globSync('suites/**/*.stress.ts'))
const own = { ...process.env }
const said = JSON.parse(process.argv[1]).map(({ pattern, env }) => {
  process.env = { ...own, ...env }
  const asked = pattern === undefined ? undefined : new RegExp(pattern)
  if (asked !== undefined && !scenarios.some(({ name }) => asksFor(asked, name))) return 'there is no such scenario'
  try {
    checkLoad(scenarios, { pattern: asked, projects: [] }, env)
    return ''
  } catch (error) {
    return error.message
  }
})
console.log(JSON.stringify(said))
`

describe('the commands that are run here', { tags: 'long', timeout: 300_000 }, () => {
  let folder: string
  let server: RunningSmtpServer
  const results = () => join(folder, 'results')

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mailstorm-documented-'))
    server = await embeddedSmtpServer({ name: 'smtp-server-1' }).start()
    await aRun('A.json', 'B.json', 'FILE')
  })
  afterAll(async () => {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  })

  /** The files that the pages call A.json, B.json and FILE. */
  async function aRun(...names: readonly string[]): Promise<void> {
    await bash('npx mailstorm run burst --messages 20 --workers 2 --size small')
    const [newest = ''] = (await readdir(results()))
      .filter((file) => /^\d.*\.json$/.test(file))
      .toSorted()
      .slice(-1)
    for (const name of names) await copyFile(join(results(), newest), join(folder, name))
  }

  function bash(command: string): Promise<{ code: number; output: string }> {
    const env = {
      ...BARE_ENVIRONMENT,
      HOME: process.env.HOME,
      NO_COLOR: '1',
      STRESS_RESULTS_DIR: results(),
      STRESS_COOLDOWN: '0',
      ...(/SMTP_TARGETS=|--target /.test(command) ? {} : { STRESS_BACKEND: 'embedded' }),
    }
    return new Promise((resolve) => {
      execFile('bash', ['-c', here(command)], { cwd: folder, env }, (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, output: stdout + stderr })
      })
    })
  }

  /** The same command from this folder, with less to send, to a server that is there. */
  function here(command: string): string {
    const fewer = command
      .replace(/npx mailstorm/, `"${process.execPath}" "${join(ROOT, 'src/cli.ts')}"`)
      .replace(
        /npx vitest run --config vitest\.stress\.config\.ts/,
        `"${process.execPath}" "${join(ROOT, 'node_modules/vitest/vitest.mjs')}" run --root "${ROOT}" --config "${join(ROOT, 'vitest.stress.config.ts')}"`,
      )
      .replace(/((?:SMTP_TARGETS=|--target |\bcheck )\S+)/, (given) =>
        given.replace(/[\w.,:-]+$/, `127.0.0.1:${server.port}`),
      )
      .replace(/(STRESS_MESSAGES=|--messages )\d+/, '$120')
      .replace(/(STRESS_DURATION=|--duration )\d+/, '$11')
      .replace(/STRESS_STAGES=\S+/, 'STRESS_STAGES=1s:20,0s:30,1s:30')
      .replace(/NAME$/, 'guide')
    const saysHowMuch = /STRESS_(MESSAGES|MODE=|STAGES)|--(messages|rate)/.test(fewer)
    return saysHowMuch || !/ -t |run (quick|burst)/.test(fewer) ? fewer : `STRESS_MESSAGES=50 ${fewer}`
  }

  const own = COMMANDS.filter((one) => 'run' in (coverageOf(one) ?? {}))
  // Commands that differ in values alone are run once: the values of each are read above.
  const distinct = [
    ...new Map(own.toReversed().map(({ command }) => [formOf(command), command] as const)).values(),
  ]

  test.for(distinct.toReversed())('%s', async (command, { skip }) => {
    if (command.startsWith('jq ') && spawnSync('jq', ['--version']).error !== undefined)
      skip('jq is not installed: apt-get install jq')
    const before = existsSync(results()) ? (await readdir(results())).length : 0
    const { code, output } = await bash(command)
    // Whether thresholds hold on this machine is not the question; 2 is a command that is not understood.
    expect([0, 1], output).toContain(code)
    expect(output).not.toMatch(/Failed to (?!compare)|command not found|No such file/)
    if (/mailstorm check /.test(command)) expect(output).toContain('is ready for a load')
    if (runIn(command) !== undefined)
      expect((await readdir(results())).length, output).toBeGreaterThan(before)
  })
})
