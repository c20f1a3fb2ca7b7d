import type { Measurement } from '../measurement.ts'
import { runProgram, runSmtpSource } from './run.ts'
import type { ClientTask, MailstormTask } from './task.ts'

export const CLIENT_NAMES = [
  'lock-step',
  'commands',
  'transactions',
  'new connection',
  'smtp-source -d',
  'smtp-source',
  'nodemailer pool',
] as const
export type ClientName = (typeof CLIENT_NAMES)[number]

export interface Client {
  readonly name: ClientName
  /** Messages of a run as a share of `--messages`, so that all runs take about as long. */
  readonly share: number
  readonly run: (task: ClientTask) => Promise<Measurement>
}

export function clients(installed: { readonly smtpSource: boolean }): Client[] {
  const source = (name: ClientName, share: number, options: readonly string[]) =>
    installed.smtpSource ? [smtpSource(name, share, options)] : []
  // Those that are compared stand side by side.
  return [
    mailstorm('lock-step', 1, { pipelining: 'off', newConnectionEach: false }),
    mailstorm('commands', 2, { pipelining: 'commands', newConnectionEach: false }),
    ...source('smtp-source -d', 1, ['-d']),
    mailstorm('transactions', 3, { pipelining: 'transactions', newConnectionEach: false }),
    { name: 'nodemailer pool', share: 0.75, run: (task) => runProgram('nodemailer', task) },
    ...source('smtp-source', 0.4, []),
    mailstorm('new connection', 0.4, { pipelining: 'commands', newConnectionEach: true }),
  ]
}

function mailstorm(
  name: ClientName,
  share: number,
  shape: Pick<MailstormTask, 'pipelining' | 'newConnectionEach'>,
): Client {
  return { name, share, run: (task) => runProgram('mailstorm', { ...task, ...shape } as MailstormTask) }
}

function smtpSource(name: ClientName, share: number, options: readonly string[]): Client {
  return { name, share, run: (task) => runSmtpSource(task, options) }
}
