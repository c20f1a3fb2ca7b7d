#!/usr/bin/env node
import { Command } from 'commander'
import { addProxyCommands } from './cli/proxy-commands.ts'
import { addReportCommand } from './cli/report-commands.ts'
import { addResultsCommands } from './cli/results-commands.ts'
import { addServicesCommands } from './cli/services-commands.ts'
import { outliveClosedOutput } from './closed-output.ts'
import { MailstormError, USAGE_ERROR } from './error.ts'
import { pageFor } from './render/paint.ts'
import { wrapText } from './render/width.ts'

outliveClosedOutput()

// Each command loads what it needs when it is called: a help text should not wait for a container engine's client.
const program = new Command('mailstorm')
  .description('Load, stress and pressure tests for mail systems')
  .showHelpAfterError()
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : USAGE_ERROR))

addResultsCommands(program)
addReportCommand(program)
addServicesCommands(program)
addProxyCommands(program)

try {
  await program.parseAsync()
} catch (error) {
  if (!(error instanceof MailstormError)) throw error
  console.error(wrapText(error.message, pageFor(process.stderr, process.env).width))
  process.exitCode = USAGE_ERROR
}
