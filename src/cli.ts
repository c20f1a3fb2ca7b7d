#!/usr/bin/env node
import { Command } from 'commander'
import { outliveClosedOutput } from './cli/closed-output.ts'
import { addCommands } from './cli/commands.ts'
import { MailstormError, USAGE_ERROR } from './error.ts'
import { isColorRefused } from './options/process-environment.ts'
import { manifest } from './packages.ts'
import { pageFor, wrapText } from './report/terminal.ts'

outliveClosedOutput()

// Each command loads its modules when it is called: a help text should not wait for a container client to load.
const program = new Command('mailstorm')
  .description('Load, stress and pressure tests for mail systems')
  .version(manifest.version)
  .showHelpAfterError()
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : USAGE_ERROR))

await addCommands(program, process.argv)

try {
  await program.parseAsync()
} catch (error) {
  if (!(error instanceof MailstormError)) throw error
  console.error(wrapText(error.message, pageFor(process.stderr, isColorRefused()).width))
  process.exitCode = USAGE_ERROR
}
