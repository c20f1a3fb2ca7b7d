import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Measurement } from '../measurement.ts'
import { type ClientTask, RECIPIENT, SENDER, SESSIONS } from './task.ts'

const execute = promisify(execFile)
/** Debian has Postfix's programs in /usr/sbin, which is not in everybody's PATH. */
export const POSTFIX_ENV = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` }
const LIMIT_MS = 300_000
/** From, To, Date and Message-Id of smtp-source beside its `-l`, as captured; the host name varies. */
const SOURCE_HEADER_BYTES = 126

export function runProgram(program: 'mailstorm' | 'nodemailer', task: ClientTask): Promise<Measurement> {
  return runScript(new URL(`./${program}.ts`, import.meta.url), task)
}

/** Runs a script of ours in a process of its own; its last line of output is the measurement. */
export async function runScript<T>(script: URL, argument: object): Promise<T> {
  const { stdout } = await execute(process.execPath, [fileURLToPath(script), JSON.stringify(argument)], {
    timeout: LIMIT_MS,
  })
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as T
}

/** Runs Postfix's smtp-source; bash's `time` gives the wall, user and system time of the process. */
export async function runSmtpSource(task: ClientTask, options: readonly string[]): Promise<Measurement> {
  const command = [
    'smtp-source',
    ...options,
    ...['-s', String(SESSIONS), '-m', String(task.messages)],
    ...['-l', String(task.sizeBytes - SOURCE_HEADER_BYTES)],
    ...['-f', SENDER, '-t', RECIPIENT, `127.0.0.1:${task.port}`],
  ]
  const script = 'TIMEFORMAT="%R %U %S"; time "$@"'
  const { stderr } = await execute('bash', ['-c', script, 'bash', ...command], {
    timeout: LIMIT_MS,
    env: POSTFIX_ENV,
  })
  const [seconds = Number.NaN, user = Number.NaN, system = Number.NaN] = (
    stderr.trim().split('\n').at(-1) ?? ''
  )
    .split(' ')
    .map(Number)
  return { messages: task.messages, seconds, cpuSeconds: user + system }
}

export async function isInstalled(command: string): Promise<boolean> {
  return execute('bash', ['-c', 'command -v "$1"', 'bash', command], { env: POSTFIX_ENV }).then(
    () => true,
    () => false,
  )
}
