import type { Command } from 'commander'
import type { CleanOptions } from './clean.ts'
import type { LogsOptions } from './logs.ts'
import type { StartOptions } from './start.ts'
import type { StatusOptions } from './status.ts'

/** Services by hand: booted, looked at, ended, swept. */
export function addServicesCommands(program: Command): void {
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
    .action(async () => (await import('./stop.ts')).stop())
  program
    .command('status')
    .description('state, CPU and memory of each service')
    .option('--json', 'for machines')
    .action(async (options: StatusOptions) => (await import('./status.ts')).status(options))
  program
    .command('logs')
    .argument('[service]', 'one service, as smtp-server-1; all of them by default')
    .option('-n, --lines <count>', 'the last so many lines of each', '50')
    .option('--archive', 'all of it as <results>/<stamp>-logs.tar.gz instead')
    .description('what the services wrote')
    .action(async (service: string | undefined, options: LogsOptions) =>
      (await import('./logs.ts')).logs(service, options),
    )
  program
    .command('clean')
    .description('remove containers, networks, volumes and images of ours; asks before it removes results')
    .option('--results', 'results too, without asking')
    .option('--keep-results', 'leave the results, without asking')
    .action(async (options: CleanOptions) => (await import('./clean.ts')).clean(options))
}
