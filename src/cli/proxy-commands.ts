import { type Command, Option } from 'commander'
import type { TenantFlags } from './tenant.ts'

/** The mail proxy and those who use it, as processes of their own. */
export function addProxyCommands(program: Command): void {
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
    .option('--dialect <name>', 'names of the fields: seed or genro', 'seed')
    .option('--proxy-url <urls...>', 'where push goes; several take turns')
    .option('--proxy-token <token>', 'for push')
    .option('--max-attachment-bytes <bytes>', 'larger attachments are cut to this')
    .action(async (flags: TenantFlags) => (await import('./tenant.ts')).tenant(flags))
}
