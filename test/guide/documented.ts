import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './guide.ts'

/** A command as a page has it, on one line and without its comment. */
export interface Documented {
  readonly page: string
  readonly command: string
}

/** Every command of README and docs, in the order of the pages. */
export function documentedCommands(): Documented[] {
  const pages = ['README.md', ...globSync('docs/*.md', { cwd: ROOT }).toSorted()]
  return pages.flatMap((page) => {
    const text = readFileSync(join(ROOT, page), 'utf8')
    const blocks = [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block = '']) => block)
    const lines = blocks.flatMap((block) => block.replaceAll(/\\\n\s*/g, '').split('\n'))
    const commands = lines.map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    return commands.filter((command) => command !== '').map((command) => ({ page, command }))
  })
}

/**
 * How a command is tested. `run`: here, for real, with less load, in a folder that has what runs before it left. `by`:
 * by another test, or a step of .ci/run, which the text names.
 */
export type Coverage = { readonly what: RegExp } & (
  | { readonly run: true }
  | { readonly by: string; readonly why: string }
)

const STEP = (name: string) => `.ci/run: ${name}`
const SUITES = STEP('every default scenario on embedded servers')
const REAL_PARTS = STEP('real MailHog, SMTP servers, genro-mail-proxy, Prometheus, Kubernetes')

/** Of what a user does in a repository of their own. */
export const PACKAGE = STEP('the package, in repositories of others')

/** The first that matches counts. Options and scenarios of every run are checked as well, whatever is said here. */
export const COVERAGE: readonly Coverage[] = [
  {
    what: /--target 127\.0\.0\.1:(25|2551) --verify sink:2525|npm run wild:relay/,
    by: 'test/wild/guide.test.ts',
    why: 'needs the Postfix of Debian',
  },
  {
    what: /--verify |STRESS_VERIFY=/,
    by: 'test/truth/verified.test.ts',
    why: 'the target has to send on to the sink',
  },
  { what: /mx:example/, by: 'test/truth/exchangers.test.ts', why: 'a name server has to know the domain' },
  { what: /--corpus |STRESS_CORPUS=/, by: 'test/e2e/corpus.test.ts', why: 'needs a folder with mail' },
  { what: /lmtp:/, by: 'test/truth/lmtp.test.ts', why: 'the target has to speak LMTP' },
  { what: /^npm ci && .* -t burst$|^npm ci$/, by: STEP('README: the main job'), why: 'installs a clone' },
  {
    what: /^npm install --save-dev mailstorm vitest$|mailstorm init$|-t newsletter\b/,
    by: PACKAGE,
    why: 'wants a repository that is not this one',
  },
  {
    what: /^npm run test:mutation |mutation-scores\.ts$/,
    by: 'scripts/mutation-scores.test.ts',
    why: 'half an hour of mutants',
  },
  { what: /^npm ci && npm test$/, by: STEP('README: tests'), why: 'runs all tests' },
  {
    what: /^docker version$|STRESS_BACKEND=docker /,
    by: 'test/docker/stress-runs.test.ts',
    why: 'needs an engine',
  },
  { what: /SMTP_IMAGE=/, by: 'test/docker/stress-runs.test.ts', why: 'needs an engine' },
  {
    what: /^cd deploy\/kubernetes\/try$|^\.\/(up|down|load-run|pressure-run|kill-generator)\b/,
    by: 'test/kubernetes/try.test.ts',
    why: 'needs a cluster',
  },
  { what: /^kubectl |^cp deploy/, by: 'test/kubernetes/references.test.ts', why: 'needs a cluster' },
  {
    what: /genro|PROXY_URL=.* -t (cliff|dnd|cache)$/,
    by: 'test/genro/genro.test.ts',
    why: 'needs genro-mail-proxy',
  },
  { what: /PROXY_URL=/, by: 'test/genro/external.test.ts', why: 'needs a proxy that runs' },
  { what: /^npm run wild$/, by: 'scripts/wild/record.test.ts', why: 'measures for hours' },
  { what: /^npm run docs$/, by: STEP('docs made from the code'), why: 'the same, compared' },
  { what: /test\/wild/, by: REAL_PARTS, why: 'needs the servers of Debian' },
  { what: /127\.0\.0\.1:(255\d|PORT)/, by: 'test/wild/wild.test.ts', why: 'needs the servers of Debian' },
  {
    what: /mailstorm start .*--(mailhog|postgres|proxy)/,
    by: 'test/e2e/services.test.ts',
    why: 'stays in the foreground',
  },
  {
    what: /mailstorm (start|status|logs|stop|clean)\b|=started /,
    by: 'test/e2e/services.test.ts',
    why: 'acts on what start keeps',
  },
  { what: /mailstorm proxy$/, by: 'test/proxy/command.test.ts', why: 'stays in the foreground' },
  { what: /mailstorm tenant |^curl /, by: 'src/cli/tenant.test.ts', why: 'asks a tenant that runs' },
  {
    what: /GENERATORS=|^(start=|for i|done$|wait$)|merge .*(generator-|\d\.json)/,
    by: 'test/executors/shared-load.test.ts',
    why: 'several generators, one after another with their merge',
  },
  {
    what: /--shard=|--merge-reports=|vitest\.stress\.config\.ts$/,
    by: SUITES,
    why: 'every default scenario, whole or in Vitest’s halves',
  },
  {
    what: /-t pressure$|--project proxy$|-t (scale|more-clients)$/,
    by: 'test/pressure/whole-run.test.ts',
    why: 'a minute each',
  },
  {
    what: /run (ramp-up|spike|scaling|soak)$/,
    by: 'test/executors/scenarios.test.ts',
    why: 'their executors, in seconds',
  },
  { what: /run breakpoint$/, by: 'test/executors/breakpoint.test.ts', why: 'the search, in seconds' },
  { what: /run faults$/, by: 'test/faults/suite.test.ts', why: 'minutes' },
  { what: /mailstorm (run )?probe/, by: 'test/probe/suite.test.ts', why: 'minutes' },
  { what: /run own-metrics$/, by: 'test/e2e/own-metrics.test.ts', why: 'the same run' },
  {
    what: /^(STRESS_BACKEND=embedded )?npx vitest run .* -t (quick|burst)$/,
    by: SUITES,
    why: 'the same rows',
  },
  { what: /run burst$|run custom (--mode|--servers)/, by: 'test/analysis/run.test.ts', why: 'the same form' },
  { what: / > worker \d,/, by: 'test/e2e/whole-run.test.ts', why: 'the same form' },
  { what: /^node --version$|^jq |^npx mailstorm |^([A-Z_]+=\S+ +)*npx vitest run .*-t /, run: true },
]
