import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { seeBanner } from '../../containers/smtp-banner.ts'
import { stopChild } from '../child-process.ts'

const READY_WITHIN_MS = 10_000
const ASK_AGAIN_MS = 20

/** A mail server of this machine that npm does not bring. */
export interface Tool {
  readonly name: string
  /** Undefined when it is installed; else why it cannot be used and what to do. */
  readonly missing: string | undefined
  start(folder: string): Promise<RunningTool>
}

export interface RunningTool extends AsyncDisposable {
  readonly port: number
  /** All messages received so far, as the tool wrote them down, made CRLF again where it wrote LF. */
  received(): Promise<readonly Buffer[]>
}

/** True when the command runs and ends well. */
export function runs(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Starts a program and waits for its 220: these say nothing of their own when they are ready. */
export async function startTool(
  command: string,
  args: readonly string[],
  port: number,
): Promise<ChildProcess> {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let log = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    log += chunk
  })
  const deadlineMs = performance.now() + READY_WITHIN_MS
  for (;;) {
    try {
      await seeBanner('127.0.0.1', port, READY_WITHIN_MS)
      return child
    } catch (error) {
      const ended = child.exitCode !== null || child.signalCode !== null
      if (ended || performance.now() > deadlineMs) {
        await stopChild(child)
        throw new Error(`Failed to start ${command} ${args.join(' ')}: ${(error as Error).message}. ${log}`)
      }
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS))
    }
  }
}
