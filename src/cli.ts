#!/usr/bin/env node
import { Command } from 'commander'
import { clean } from './cli/clean.ts'
import { logs } from './cli/logs.ts'
import { start } from './cli/start.ts'
import { status } from './cli/status.ts'
import { stop } from './cli/stop.ts'
import { MailstormError } from './error.ts'

const program = new Command('mailstorm')
  .description('Load, stress and pressure tests for mail systems')
  .showHelpAfterError()

program
  .command('start')
  .description('boot the services and keep them until Ctrl-C or stop; SMTP_SERVERS, STRESS_BACKEND, … apply')
  .option('--mailhog', 'a MailHog too')
  .option('--postgres', 'a PostgreSQL too')
  .action(start)
program.command('stop').description('end what start keeps').action(stop)
program
  .command('status')
  .description('state, CPU and memory of each service')
  .option('--json', 'for machines')
  .action(status)
program
  .command('logs')
  .argument('[service]', 'one service, as smtp-server-1; all of them by default')
  .option('-n, --lines <count>', 'the last so many lines of each', '50')
  .option('--archive', 'all of it as <results>/<stamp>-logs.tar.gz instead')
  .description('what the services wrote')
  .action(logs)
program
  .command('clean')
  .description('remove containers, networks, volumes and images of ours; asks before it removes results')
  .option('--results', 'results too, without asking')
  .option('--keep-results', 'leave the results, without asking')
  .action(clean)

try {
  await program.parseAsync()
} catch (error) {
  if (!(error instanceof MailstormError)) throw error
  console.error(error.message)
  process.exitCode = 2
}
