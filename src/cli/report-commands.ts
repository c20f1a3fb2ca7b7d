import type { Command } from 'commander'
import type { ReportOptions } from './report.ts'

const HELP = `
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
export function addReportCommand(program: Command): void {
  program
    .command('report')
    .argument('[files...]', 'the newest run by default; a path, or the name of a file in the results folder')
    .option('--against <files...>', 'the files of side B, to compare two sides')
    .option('--index', 'the page of all runs of the results folder instead')
    .option('-o, --output <path>', 'where to write; by default beside the JSON, or report.html')
    .option('--results <folder>', 'folder of the results (STRESS_RESULTS_DIR, else results)')
    .description('write the HTML report of a run, or of several on one page, and print its path')
    .addHelpText('after', HELP)
    .action(async (files: string[], options: ReportOptions) =>
      (await import('./report.ts')).report(files, options),
    )
}
