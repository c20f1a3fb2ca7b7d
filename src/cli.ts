#!/usr/bin/env node
import { Command } from 'commander'
import { addProxyCommands } from './cli/proxy-commands.ts'
import { addServicesCommands } from './cli/services-commands.ts'
import { MailstormError } from './error.ts'

// Each command loads what it needs when it is called: a help text should not wait for a container engine's client.
const program = new Command('mailstorm')
  .description('Load, stress and pressure tests for mail systems')
  .showHelpAfterError()

addServicesCommands(program)
addProxyCommands(program)

try {
  await program.parseAsync()
} catch (error) {
  if (!(error instanceof MailstormError)) throw error
  console.error(error.message)
  process.exitCode = 2
}
