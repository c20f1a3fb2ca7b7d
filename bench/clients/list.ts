import type { Measurement } from '../measurement.ts'
import { runProgram, runSmtpSource } from './run.ts'
import { type SenderProcess, startEngine, startFloor, warmUp } from './sender-process.ts'
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
  'floor chunks 8',
  'floor chunks 32',
] as const
export type ClientName = (typeof CLIENT_NAMES)[number]

export interface Client {
  readonly name: ClientName
  /** Messages of a run as a share of `--messages`, so that all runs take about as long. */
  readonly share: number
  readonly start: (task: ClientTask) => Promise<StartedClient>
}

/** A client that is warmed up, where it needs that. */
export interface StartedClient extends AsyncDisposable {
  /** Sends the messages of the task once more. */
  readonly run: () => Promise<Measurement>
}

type Shape = Pick<MailstormTask, 'pipelining' | 'newConnectionEach' | 'depth'>

interface NamedShape {
  readonly name: ClientName
  readonly share: number
  readonly shape: Shape
}

/** Ours, by how it pipelines and how long a session lasts. */
export const MAILSTORM_SHAPES = [
  { name: 'lock-step', share: 1, shape: { pipelining: 'off', newConnectionEach: false } },
  { name: 'commands', share: 2, shape: { pipelining: 'commands', newConnectionEach: false } },
  { name: 'transactions', share: 3, shape: { pipelining: 'transactions', newConnectionEach: false } },
  { name: 'new connection', share: 0.4, shape: { pipelining: 'commands', newConnectionEach: true } },
] as const satisfies readonly NamedShape[]

/** Ours by whole messages, where the server takes chunks (RFC 3030): with so many of a session on their way. */
export const CHUNK_SHAPES = [
  { name: 'chunks 8', share: 12, shape: { pipelining: 'chunks', newConnectionEach: false, depth: 8 } },
  { name: 'chunks 32', share: 12, shape: { pipelining: 'chunks', newConnectionEach: false, depth: 32 } },
] as const satisfies readonly NamedShape[]

export type SomeShape = (typeof MAILSTORM_SHAPES | typeof CHUNK_SHAPES)[number]

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
    ...(installed.chunks === true ? CHUNK_SHAPES.flatMap((shape) => [floor(shape), mailstorm(shape)]) : []),
    ...source('smtp-source -d', 1, ['-d']),
    mailstorm(transactions),
    floor(transactions),
    { name: 'nodemailer pool', share: 0.75, start: anew((task) => runProgram('nodemailer', task)) },
    ...source('smtp-source', 0.4, []),
    mailstorm(newConnection),
    floor(newConnection),
  ]
}

function mailstorm({ name, share, shape }: SomeShape): Client {
  return { name, share, start: (task) => startSender(startEngine(), shape, task) }
}

/** The bare script on `net.Socket` that sends as this shape of ours does: floor.ts. */
function floor({ name, share, shape }: SomeShape): Client {
  return { name: floorOf(name), share, start: (task) => startSender(startFloor(), shape, task) }
}

/** One process for all rounds, whose compilers are done before the first: what a run costs that is longer than a second. */
async function startSender(
  starting: Promise<SenderProcess>,
  shape: Shape,
  { port, sizeBytes, messages }: ClientTask,
): Promise<StartedClient> {
  const order = { shape: { port, sizeBytes, ...shape }, messages }
  const sender = await starting
  await warmUp(sender, order)
  return { run: () => sender.send(order), [Symbol.asyncDispose]: () => sender[Symbol.asyncDispose]() }
}

/** A process of its own for each run. */
function anew(run: (task: ClientTask) => Promise<Measurement>): Client['start'] {
  return async (task) => ({ run: () => run(task), [Symbol.asyncDispose]: async () => {} })
}

export function floorOf(name: SomeShape['name']): `floor ${SomeShape['name']}` {
  return `floor ${name}`
}

function smtpSource(name: ClientName, share: number, options: readonly string[]): Client {
  return { name, share, start: anew((task) => runSmtpSource(task, options)) }
}
