import type { Measurement } from '../measurement.ts'
import { runProgram, runSmtpSource } from './run.ts'
import type { ClientTask, MailstormTask } from './task.ts'

export const CLIENT_NAMES = [
  'lock-step',
  'commands',
  'transactions',
  'new connection',
  'chunks 8',
  'chunks 32',
  'smtp-source -d',
  'smtp-source',
  'nodemailer pool',
  'floor lock-step',
  'floor commands',
  'floor transactions',
  'floor new connection',
] as const
export type ClientName = (typeof CLIENT_NAMES)[number]

export interface Client {
  readonly name: ClientName
  /** Messages of a run as a share of `--messages`, so that all runs take about as long. */
  readonly share: number
  readonly run: (task: ClientTask) => Promise<Measurement>
}

type Shape = Pick<MailstormTask, 'pipelining' | 'newConnectionEach'>

/** Ours, by how it pipelines and how long a session lasts. */
export const MAILSTORM_SHAPES = [
  { name: 'lock-step', share: 1, shape: { pipelining: 'off', newConnectionEach: false } },
  { name: 'commands', share: 2, shape: { pipelining: 'commands', newConnectionEach: false } },
  { name: 'transactions', share: 3, shape: { pipelining: 'transactions', newConnectionEach: false } },
  { name: 'new connection', share: 0.4, shape: { pipelining: 'commands', newConnectionEach: true } },
] as const satisfies readonly { readonly name: ClientName; readonly share: number; readonly shape: Shape }[]

/** Ours by whole messages, where the server takes chunks (RFC 3030): with so many of a session on their way. */
const CHUNK_SHAPES = [
  { name: 'chunks 8', share: 12, shape: { pipelining: 'chunks', newConnectionEach: false, depth: 8 } },
  { name: 'chunks 32', share: 12, shape: { pipelining: 'chunks', newConnectionEach: false, depth: 32 } },
] as const

export type ShapeName = (typeof MAILSTORM_SHAPES)[number]['name']

/** `chunks`: the server offers CHUNKING. */
export function clients(installed: { readonly smtpSource: boolean; readonly chunks?: boolean }): Client[] {
  const [lockStep, commands, transactions, newConnection] = MAILSTORM_SHAPES
  const source = (name: ClientName, share: number, options: readonly string[]) =>
    installed.smtpSource ? [smtpSource(name, share, options)] : []
  // Those that are compared stand side by side.
  return [
    floor(lockStep),
    mailstorm(lockStep),
    floor(commands),
    mailstorm(commands),
    ...(installed.chunks === true ? CHUNK_SHAPES.map(mailstorm) : []),
    ...source('smtp-source -d', 1, ['-d']),
    mailstorm(transactions),
    floor(transactions),
    { name: 'nodemailer pool', share: 0.75, run: (task) => runProgram('nodemailer', task) },
    ...source('smtp-source', 0.4, []),
    mailstorm(newConnection),
    floor(newConnection),
  ]
}

function mailstorm({ name, share, shape }: (typeof MAILSTORM_SHAPES | typeof CHUNK_SHAPES)[number]): Client {
  return { name, share, run: (task) => runProgram('mailstorm', { ...task, ...shape } as MailstormTask) }
}

/** The bare script on `net.Socket` that sends as this shape of ours does: floor.ts. */
function floor({ name, share, shape }: (typeof MAILSTORM_SHAPES)[number]): Client {
  const run: Client['run'] = (task) => runProgram('floor', { ...task, ...shape } as MailstormTask)
  return { name: floorOf(name), share, run }
}

export function floorOf(name: ShapeName): `floor ${ShapeName}` {
  return `floor ${name}`
}

function smtpSource(name: ClientName, share: number, options: readonly string[]): Client {
  return { name, share, run: (task) => runSmtpSource(task, options) }
}
