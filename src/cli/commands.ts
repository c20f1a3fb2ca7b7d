import { type Command, Option } from 'commander'
import { LOOPBACK } from '../listening.ts'
import { PROXY_PACKAGES, requirePackages, TENANT_PACKAGES } from '../packages.ts'
import type { CheckOptions } from './check.ts'
import type { CleanOptions } from './clean.ts'
import type { ResultsOptions } from './output.ts'
import type { CompareOptions } from './results/compare.ts'
import type { MergeOptions } from './results/merge.ts'
import type { ReportOptions } from './results/report.ts'
import type { RunOptions } from './run-options.ts'
import type { LogsOptions, StatusOptions } from './services.ts'
import type { StartOptions } from './start.ts'
import type { TenantFlags } from './tenant.ts'

const EXIT_CODES = (one?: string) => `
Exit codes:
  0  success${one === undefined ? '' : `\n  1  ${one}`}
  2  the command failed: an unknown option, an unreadable file`

const RUN_NAME = 'a path, or the name of a file in the results folder, with or without .json'

/**
 * All commands, in the order of the help text. `words`: those of the command line, to load only what it needs.
 */
export async function addCommands(program: Command, words: readonly string[]): Promise<void> {
  addInit(program)
  addLists(program)
  addAnalyses(program)
  addCompare(program)
  addMerge(program)
  await addRun(program, words)
  addProbe(program)
  addCheck(program)
  addBaseline(program)
  addReport(program)
  addServices(program)
  addPrograms(program)
}

function common(command: Command): Command {
  return command
    .option('--json', 'print JSON')
    .option('--results <folder>', 'results folder (STRESS_RESULTS_DIR, or results)')
}

function addInit(program: Command): void {
  program
    .command('init')
    .description(
      'set up this repository: vitest.stress.config.ts, a first scenario, a GitHub workflow; overwrites nothing',
    )
    .addHelpText('after', EXIT_CODES())
    .action(async () => (await import('./init.ts')).init())
}

function addLists(program: Command): void {
  common(program.command('list'))
    .description('list all runs, oldest first; skip and name files that are not runs')
    .addHelpText('after', EXIT_CODES())
    .action(async (options: ResultsOptions) => (await import('./results/runs.ts')).list(options))
  common(program.command('summary'))
    .description(
      'summarise all runs, one row per scenario: verdicts, medians, ranges, and how the newest run compares',
    )
    .addHelpText('after', EXIT_CODES())
    .action(async (options: ResultsOptions) => (await import('./results/runs.ts')).summary(options))
}

function addAnalyses(program: Command): void {
  common(program.command('latest'))
    .description('explain the newest run')
    .addHelpText('after', EXIT_CODES('the run failed'))
    .action(async (options: ResultsOptions) => (await import('./results/runs.ts')).latest(options))
  common(program.command('analyze'))
    .argument('<file>', RUN_NAME)
    .description('explain one run; also reads files of the older Python generator')
    .addHelpText('after', EXIT_CODES('the run failed'))
    .action(async (file: string, options: ResultsOptions) =>
      (await import('./results/runs.ts')).analyze(file, options),
    )
}

const COMPARE_HELP = `
It is a regression when a deciding figure is worse by more than its limit: p95 by
both its percentage and its floor, throughput and success rate by their
percentage, lost, duplicated or corrupted by a single message. It is noise when
the runs are no evidence: bursts shorter than six seconds, generator-bound runs,
or sides whose ranges overlap. Use three or more runs on each side.

Examples:
  mailstorm compare 20260102-030405-burst 20260103-030405-burst
  mailstorm compare before-1 before-2 before-3 --against after-1 after-2 after-3
  mailstorm compare baselines/burst.json results/latest.json
`

function addCompare(program: Command): void {
  common(program.command('compare'))
    .argument('<files...>', `A and B, or with --against all files of A: ${RUN_NAME}, or a baseline`)
    .option('--against <files...>', 'the files of B; several files on a side are compared by their medians')
    .addOption(new Option('--p95-limit <percent>', 'how much p95 may rise').default('30'))
    .addOption(
      new Option('--p95-floor <ms>', 'a rise of p95 below this many milliseconds is ignored').default('50'),
    )
    .addOption(new Option('--throughput-limit <percent>', 'how much throughput may fall').default('10'))
    .addOption(new Option('--success-limit <percent>', 'how much the success rate may fall').default('10'))
    .description('compare two runs, or several on each side: is B worse than A?')
    .addHelpText('after', COMPARE_HELP + EXIT_CODES('a regression'))
    .action(async (files: string[], options: CompareOptions) =>
      (await import('./results/compare.ts')).compare(files, options),
    )
}

function addMerge(program: Command): void {
  common(program.command('merge'))
    .argument('<files...>', RUN_NAME)
    .option(
      '-o, --output <file>',
      'where to write the JSON; the .md and .html go beside it (default: the results folder)',
    )
    .description('merge the results of the generators of one run into one; histograms merge exactly')
    .addHelpText('after', EXIT_CODES('the merged run failed'))
    .action(async (files: string[], options: MergeOptions) =>
      (await import('./results/merge.ts')).merge(files, options),
    )
}

const RUN_HELP = `
The options from --messages on override the scenario's load, and the result lists
what was overridden. The thresholds stay the scenario's unless --thresholds replaces
them. An option that would change nothing is refused, with the reason.

Everything else is set by environment variables, such as STRESS_THREADS=2: see the
table in the README.

Examples:
  mailstorm run burst
  mailstorm run sustained --rate 200 --duration 30 --size small
  mailstorm run custom --mode burst --messages 2000 --workers 30 --size large --target mail.local:25

Exit codes:
  0    every threshold holds
  1    a threshold failed, or the run could not start
  2    an option is unknown, invalid or without effect, or there is no such scenario
  130  interrupted (143: terminated); what was measured is saved`

async function addRun(program: Command, words: readonly string[]): Promise<void> {
  const command = program
    .command('run')
    .argument('<scenario>', 'such as burst; an unknown name lists them all')
    .description('run one scenario with Vitest')
    .option('-o, --output <path>', 'a folder for the results, or a .json file that the result is copied to')
    .addHelpText('after', RUN_HELP)
  // The definitions of the variables take longer to load than all other commands together.
  if (words.includes('run')) {
    const { runFlags } = await import('./run-options.ts')
    for (const [flags, description] of runFlags()) command.option(flags, description)
  }
  command.action(async (name: string, options: RunOptions) => (await import('./run.ts')).run(name, options))
}

function addProbe(program: Command): void {
  program
    .command('probe')
    .argument('<targets...>', 'servers, each as host:port')
    .option('-o, --output <path>', 'a folder for the results, or a .json file that the result is copied to')
    .description('ask servers one protocol question after another (scenario probe): what do they really do?')
    .addHelpText('after', EXIT_CODES('a question had no answer, or with STRESS_PROBE_STRICT=1 a deviation'))
    .action(async (targets: string[], options: RunOptions) =>
      (await import('./run.ts')).run('probe', { ...options, target: targets.join(',') }),
    )
}

const CHECK_HELP = `
Without --send no message is sent. With it, one to three marked messages go to
the recipient: they show how much can be pipelined, and what the server says.

Examples:
  mailstorm check 127.0.0.1:25
  mailstorm check smtp+starttls://mail.example.test --send --recipient load@example.test
  mailstorm check lmtp+unix:/run/dovecot/lmtp
`

function addCheck(program: Command): void {
  program
    .command('check')
    .argument('<targets...>', 'servers, each as host:port or URL, as in SMTP_TARGETS')
    .option('--send', 'also send a message')
    .option('--tls <mode>', 'none, starttls or implicit (STRESS_TLS)')
    .option('--sender <address>', 'envelope sender (STRESS_SENDER)')
    .option('--recipient <address>', 'envelope recipient (STRESS_RECIPIENT)')
    .option('--timeout <seconds>', 'seconds a reply may take (STRESS_TIMEOUT)')
    .option('--json', 'print JSON')
    .description('check that servers are ready for a load: greeting, extensions, TLS, login, a message')
    .addHelpText('after', CHECK_HELP + EXIT_CODES('a server is not ready, or has problems'))
    .action(async (targets: string[], options: CheckOptions) =>
      (await import('./check.ts')).check(targets, options),
    )
}

function addBaseline(program: Command): void {
  const baseline = program
    .command('baseline')
    .description(
      "manage baselines (baselines/<name>.json), which later runs are compared with: threshold 'regression<10%'",
    )
  common(baseline.command('save'))
    .argument('<name>', 'of the baseline, such as burst-ci')
    .argument('[files...]', `${RUN_NAME} (default: the newest run); several count by their medians`)
    .description('save runs as a baseline')
    .addHelpText('after', EXIT_CODES())
    .action(async (name: string, files: string[], options: ResultsOptions) =>
      (await import('./results/baseline.ts')).saveBaselineCommand(name, files, options),
    )
  baseline
    .command('list')
    .option('--json', 'print JSON')
    .description('list all baselines')
    .action(async (options: ResultsOptions) =>
      (await import('./results/baseline.ts')).listBaselinesCommand(options),
    )
  baseline
    .command('show')
    .argument('<name>', 'of the baseline')
    .option('--json', 'print JSON')
    .description('show one baseline')
    .action(async (name: string, options: ResultsOptions) =>
      (await import('./results/baseline.ts')).showBaselineCommand(name, options),
    )
}

const REPORT_HELP = `
Examples:
  mailstorm report                       the newest run
  mailstorm report 20260102-030405-burst
  mailstorm report RUN1 RUN2             the second against the first
  mailstorm report A1 A2 --against B1 B2
  mailstorm report RUN1 RUN2 RUN3        all three, overlaid
  mailstorm report --index               the index of all runs

Exit codes:
  0  the report was written
  2  the command failed: an unknown option, an unreadable file or written`

/** HTML of runs: one file that needs no network. */
function addReport(program: Command): void {
  program
    .command('report')
    .argument('[files...]', `${RUN_NAME} (default: the newest run)`)
    .option('--against <files...>', 'compare two sides: the files of side B')
    .option('--index', 'write the index page of all runs instead')
    .option(
      '-o, --output <path>',
      'where to write it (default: beside the JSON; report.html for several runs)',
    )
    .option('--results <folder>', 'results folder (STRESS_RESULTS_DIR, or results)')
    .description('write an HTML report of one run, or of several on one page, and print its path')
    .addHelpText('after', REPORT_HELP)
    .action(async (files: string[], options: ReportOptions) =>
      (await import('./results/report.ts')).report(files, options),
    )
}

/** Services by hand: started, inspected, stopped, cleaned up. */
function addServices(program: Command): void {
  program
    .command('start')
    .description(
      'boot SMTP servers and other services, and keep them until Ctrl-C or stop; SMTP_SERVERS, STRESS_BACKEND, … apply',
    )
    .option('--mailhog', 'also a MailHog')
    .option('--postgres', 'also a PostgreSQL')
    .option('--proxy', 'also a mail proxy on port 8000, with the MailHog and PostgreSQL it needs')
    .option(
      '--tenants',
      'also four simulated tenants, on ports 8081, 8082, 8084 and 8085; --proxy registers them with the proxy',
    )
    .option('--monitoring', 'also Prometheus (port 9090) and Grafana (port 3000, admin/admin), in containers')
    .option('--restart', 'restart a service that dies, at most 5 times a minute')
    .action(async (wanted: StartOptions) => (await import('./start.ts')).start(wanted))
  program
    .command('stop')
    .description('stop the services of a running start')
    .action(async () => (await import('./services.ts')).stop())
  program
    .command('status')
    .description('show the state, CPU and memory of each service')
    .option('--json', 'print JSON')
    .action(async (options: StatusOptions) => (await import('./services.ts')).status(options))
  program
    .command('logs')
    .argument('[service]', 'one service, such as smtp-server-1 (default: all)')
    .option('-n, --lines <count>', 'how many lines of each, from the end', '50')
    .option('--archive', 'write all logs to <results>/<stamp>-logs.tar.gz instead')
    .description('show the logs of the services')
    .action(async (service: string | undefined, options: LogsOptions) =>
      (await import('./services.ts')).logs(service, options),
    )
  program
    .command('clean')
    .description(
      'remove the containers, networks, volumes and images of mailstorm; asks before it removes results',
    )
    .option('--results', 'also remove results, without asking')
    .option('--keep-results', 'keep results, without asking')
    .action(async (options: CleanOptions) => (await import('./clean.ts')).clean(options))
}

/** The mail proxy and those who use it, as processes of their own. */
function addPrograms(program: Command): void {
  program
    .command('proxy')
    .description(
      'run a mail proxy until Ctrl-C, configured by GMP_DB_PATH=postgresql://… and the other GMP_* variables',
    )
    .action(async () => {
      requirePackages('run a mail proxy', PROXY_PACKAGES)
      await (await import('../programs/proxy/main.ts')).main()
    })
  program
    .command('tenant')
    .description('run a simulated tenant of a mail proxy until Ctrl-C; MSG_RATE_PER_SYNC and its like apply')
    .requiredOption('--profile <name>', 'high-volume, standard, newsletter or documents')
    .addOption(
      new Option(
        '--port <port>',
        'port to listen on, 0 for any free one (default: by profile 8081, 8082, 8084, 8085)',
      ).env('PORT'),
    )
    .option('--host <address>', 'address to listen on', LOOPBACK)
    .addOption(new Option('--tenant-id <id>', 'default: tenant-<profile>').env('TENANT_ID'))
    .addOption(new Option('--client-id <id>', 'default: <profile>-1').env('CLIENT_ID'))
    .option(
      '--seed <number>',
      'random seed: the same seed gives the same messages (default: STRESS_SEED, or 1)',
    )
    .option('--run-id <id>', 'part of every message id and content (default: a new one each time)')
    .option(
      '--intake <style>',
      'how it hands over messages: response, in its answer to a sync call; push, by add-messages',
      'response',
    )
    .option(
      '--dialect <name>',
      "field names: classic, as in genro-mail-proxy's pressure test, or genro, as in genro-mail-proxy 0.6.10",
      'classic',
    )
    .option('--proxy-url <urls...>', 'for push: the proxy, or several that take turns')
    .option('--proxy-token <token>', 'for push: the admin token')
    .option('--max-attachment-bytes <bytes>', 'cap the size of attachments')
    .action(async (flags: TenantFlags) => {
      requirePackages('run a simulated tenant', TENANT_PACKAGES)
      await (await import('./tenant.ts')).tenant(flags)
    })
}
