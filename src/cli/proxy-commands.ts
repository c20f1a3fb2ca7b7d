import type { Command } from 'commander'

/** The mail proxy and those who use it, as processes of their own. */
export function addProxyCommands(program: Command): void {
  program
    .command('proxy')
    .description(
      'run a mail proxy until Ctrl-C; GMP_DB_PATH=postgresql://… and the other GMP_* variables apply',
    )
    .action(async () => (await import('../proxy/main.ts')).main())
}
