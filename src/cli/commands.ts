import { type Command, Option } from 'commander'
import type { CleanOptions } from './clean.ts'
import type { CompareOptions } from './compare.ts'
import type { MergeOptions } from './merge.ts'
import type { ResultsOptions } from './output.ts'
import type { ReportOptions } from './report.ts'
import { RUN_OPTIONS, type RunOptions, WORKLOAD_OPTIONS } from './run-options.ts'
import type { LogsOptions, StatusOptions } from './services.ts'
import type { StartOptions } from './start.ts'
import type { TenantFlags } from './tenant.ts'

const EXIT_CODES = (one?: string) => `
Exit codes:
  0  fine${one === undefined ? '' : `\n  1  ${one}`}
  2  the command could not be carried out: an unknown option, a file that cannot be read`

const RUN_NAME = 'a path, or the name of a file in the results folder, with or without .json'

/** All commands, in the order of the help text. */
export function addCommands(program: Command): void {
  addLists(program)
  addAnalyses(program)
  addCompare(program)
  addMerge(program)
  addRun(program)
  addBaseline(program)
  addReport(program)
  addServices(program)
  addPrograms(program)
}

function common(command: Command): Command {
  return command
    .option('--json', 'for machines')
    .option('--results <folder>', 'folder of the results (STRESS_RESULTS_DIR, else results)')
}

function addLists(program: Command): void {
  common(program.command('list'))
    .description('all runs, the oldest first; files that are not runs are named and skipped')
    .addHelpText('after', EXIT_CODES())
    .action(async (options: ResultsOptions) => (await import('./runs.ts')).list(options))
  common(program.command('summary'))
    .description(
      'all runs, a row to each scenario: verdicts, medians and ranges, the newest against the others',
    )
    .addHelpText('after', EXIT_CODES())
    .action(async (options: ResultsOptions) => (await import('./runs.ts')).summary(options))
}

function addAnalyses(program: Command): void {
  common(program.command('latest'))
    .description('the newest run')
    .addHelpText('after', EXIT_CODES('the run failed'))
    .action(async (options: ResultsOptions) => (await import('./runs.ts')).latest(options))
  common(program.command('analyze'))
    .argument('<file>', RUN_NAME)
    .description('one run; also files of the older Python generator')
    .addHelpText('after', EXIT_CODES('the run failed'))
    .action(async (file: string, options: ResultsOptions) =>
      (await import('./runs.ts')).analyze(file, options),
    )
}

const COMPARE_HELP = `
A regression is called when a figure that decides is worse beyond its limits:
p95 by both its share and its floor, throughput and success rate by their share,
one message more that is lost, duplicated or corrupted. It is called noise when
the runs do not carry it: bursts of less than six seconds, runs that were
generator-bound, and sides whose runs overlap. Three runs and more to a side
tell most.

Examples:
  mailstorm compare 20260102-030405-burst 20260103-030405-burst
  mailstorm compare before-1 before-2 before-3 --against after-1 after-2 after-3
  mailstorm compare baselines/burst.json results/latest.json
`

function addCompare(program: Command): void {
  common(program.command('compare'))
    .argument('<files...>', `A and B, or the files of A alone; ${RUN_NAME}, or a baseline`)
    .option('--against <files...>', 'the files of B; of several files on a side the medians are compared')
    .addOption(new Option('--p95-limit <percent>', 'p95 may rise by so much').default('30'))
    .addOption(new Option('--p95-floor <ms>', 'and by so many milliseconds').default('50'))
    .addOption(new Option('--throughput-limit <percent>', 'throughput may fall by so much').default('10'))
    .addOption(new Option('--success-limit <percent>', 'the success rate may fall by so much').default('10'))
    .description('two runs, or several on each side: is B worse than A?')
    .addHelpText('after', COMPARE_HELP + EXIT_CODES('a regression'))
    .action(async (files: string[], options: CompareOptions) =>
      (await import('./compare.ts')).compare(files, options),
    )
}

function addMerge(program: Command): void {
  common(program.command('merge'))
    .argument('<files...>', RUN_NAME)
    .option(
      '-o, --output <file>',
      'FILE.json, and beside it FILE.md and FILE.html; by default in the results folder',
    )
    .description(
      'the results of several generators of one run as one result, with Markdown and HTML; histograms merge exactly',
    )
    .addHelpText('after', EXIT_CODES('the merged run failed'))
    .action(async (files: string[], options: MergeOptions) =>
      (await import('./merge.ts')).merge(files, options),
    )
}

const RUN_HELP = `
The options from --messages on override the scenario's own load; its thresholds stay
its own unless --thresholds says others, and the result says what was overridden. One
that would change nothing is refused, with the reason.

Everything else from the environment, as STRESS_THREADS=2 (see the README's table).

Examples:
  mailstorm run burst
  mailstorm run sustained --rate 200 --duration 30 --size small
  mailstorm run custom --mode burst --messages 2000 --workers 30 --size large --target mail.local:25

Exit codes:
  0    every threshold holds
  1    one does not, or the run could not be started
  2    an option is not understood or would change nothing, or there is no such scenario
  130  interrupted (143: terminated); what was measured is written`

function addRun(program: Command): void {
  const command = program
    .command('run')
    .argument('<scenario>', 'as burst; an unknown one lists all')
    .description('one scenario, as its Vitest run')
    .option('-o, --output <path>', 'a folder for the results, or a .json file that the result is copied to')
    .addHelpText('after', RUN_HELP)
  for (const [option, [variable, value, meaning]] of Object.entries(RUN_OPTIONS))
    command.option(`--${option} ${value}`, `${meaning} (${variable})`)
  for (const [option, [variable, value, meaning]] of Object.entries(WORKLOAD_OPTIONS))
    command.option(`--${option} ${value}`, `${meaning} (${variable})`)
  command.action(async (name: string, options: RunOptions) => (await import('./run.ts')).run(name, options))
}

function addBaseline(program: Command): void {
  const baseline = program
    .command('baseline')
    .description(
      "runs to hold later ones against: baselines/<name>.json, committed; thresholds 'regression<10%'",
    )
  common(baseline.command('save'))
    .argument('<name>', 'of the baseline, as burst-ci')
    .argument('[files...]', `${RUN_NAME}; the newest run by default; of several the medians count`)
    .description('make runs the baseline of this name')
    .addHelpText('after', EXIT_CODES())
    .action(async (name: string, files: string[], options: ResultsOptions) =>
      (await import('./baseline.ts')).saveBaselineCommand(name, files, options),
    )
  baseline
    .command('list')
    .option('--json', 'for machines')
    .description('all baselines')
    .action(async (options: ResultsOptions) => (await import('./baseline.ts')).listBaselinesCommand(options))
  baseline
    .command('show')
    .argument('<name>', 'of the baseline')
    .option('--json', 'for machines')
    .description('one baseline')
    .action(async (name: string, options: ResultsOptions) =>
      (await import('./baseline.ts')).showBaselineCommand(name, options),
    )
}

const REPORT_HELP = `
Examples:
  mailstorm report                       the newest run
  mailstorm report 20260102-030405-burst
  mailstorm report RUN1 RUN2             the second against the first
  mailstorm report A1 A2 --against B1 B2
  mailstorm report RUN1 RUN2 RUN3        their curves over each other
  mailstorm report --index               the page of all runs

Exit codes:
  0  written
  2  the command could not be carried out: an unknown option, a file that cannot be read or written`

/** HTML of runs: one file that needs no network. */
function addReport(program: Command): void {
  program
    .command('report')
    .argument('[files...]', 'the newest run by default; a path, or the name of a file in the results folder')
    .option('--against <files...>', 'the files of side B, to compare two sides')
    .option('--index', 'the page of all runs of the results folder instead')
    .option('-o, --output <path>', 'where to write; by default beside the JSON, or report.html')
    .option('--results <folder>', 'folder of the results (STRESS_RESULTS_DIR, else results)')
    .description('write the HTML report of a run, or of several on one page, and print its path')
    .addHelpText('after', REPORT_HELP)
    .action(async (files: string[], options: ReportOptions) =>
      (await import('./report.ts')).report(files, options),
    )
}

/** Services by hand: booted, looked at, ended, swept. */
function addServices(program: Command): void {
  program
    .command('start')
    .description(
      'boot the services and keep them until Ctrl-C or stop; SMTP_SERVERS, STRESS_BACKEND, … apply',
    )
    .option('--mailhog', 'a MailHog too')
    .option('--postgres', 'a PostgreSQL too')
    .option('--proxy', 'a mail proxy on port 8000 too, with the MailHog and the PostgreSQL that it needs')
    .option(
      '--tenants',
      'four simulated tenants too, on ports 8081, 8082, 8084, 8085; with --proxy it knows them',
    )
    .option('--monitoring', 'Prometheus (port 9090) and Grafana (port 3000, admin/admin) too, in containers')
    .option('--restart', 'boot a service again that has ended by itself, at most 5 times a minute')
    .action(async (wanted: StartOptions) => (await import('./start.ts')).start(wanted))
  program
    .command('stop')
    .description('end what start keeps')
    .action(async () => (await import('./services.ts')).stop())
  program
    .command('status')
    .description('state, CPU and memory of each service')
    .option('--json', 'for machines')
    .action(async (options: StatusOptions) => (await import('./services.ts')).status(options))
  program
    .command('logs')
    .argument('[service]', 'one service, as smtp-server-1; all of them by default')
    .option('-n, --lines <count>', 'the last so many lines of each', '50')
    .option('--archive', 'all of it as <results>/<stamp>-logs.tar.gz instead')
    .description('what the services wrote')
    .action(async (service: string | undefined, options: LogsOptions) =>
      (await import('./services.ts')).logs(service, options),
    )
  program
    .command('clean')
    .description('remove containers, networks, volumes and images of ours; asks before it removes results')
    .option('--results', 'results too, without asking')
    .option('--keep-results', 'leave the results, without asking')
    .action(async (options: CleanOptions) => (await import('./clean.ts')).clean(options))
}

/** The mail proxy and those who use it, as processes of their own. */
function addPrograms(program: Command): void {
  program
    .command('proxy')
    .description(
      'run a mail proxy until Ctrl-C; GMP_DB_PATH=postgresql://… and the other GMP_* variables apply',
    )
    .action(async () => (await import('../programs/proxy/main.ts')).main())
  program
    .command('tenant')
    .description('run a simulated client of a mail proxy until Ctrl-C; MSG_RATE_PER_SYNC and the like apply')
    .requiredOption('--profile <name>', 'high-volume, standard, newsletter or documents')
    .addOption(
      new Option('--port <port>', "0 = any free one; the profile's 8081, 8082, 8084, 8085").env('PORT'),
    )
    .option('--host <address>', 'where to listen', '127.0.0.1')
    .addOption(new Option('--tenant-id <id>', 'as tenant-<profile>').env('TENANT_ID'))
    .addOption(new Option('--client-id <id>', 'as <profile>-1').env('CLIENT_ID'))
    .option('--seed <number>', 'the same seed makes the same messages (STRESS_SEED, 1)')
    .option('--run-id <id>', 'part of every id and content; a new one each time')
    .option(
      '--intake <style>',
      'response: messages in the answer to a sync; push: by add-messages',
      'response',
    )
    .option('--dialect <name>', 'names of the fields: classic or genro', 'classic')
    .option('--proxy-url <urls...>', 'where push goes; several take turns')
    .option('--proxy-token <token>', 'for push')
    .option('--max-attachment-bytes <bytes>', 'larger attachments are cut to this')
    .action(async (flags: TenantFlags) => (await import('./tenant.ts')).tenant(flags))
}
