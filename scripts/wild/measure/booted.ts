import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../../../containers/loopback.ts'
import type { ProbeTarget } from '../../../src/probe/conversation.ts'
import { type ServerFile, WILD_FOLDER } from '../server-file.ts'

const run = promisify(execFile)

/** What a server counts of itself since its start; null for what it does not know. */
export interface Count {
  readonly messages: number | null
  readonly recipients: number | null
}

/** A server of test/wild that runs, on ports of its own. */
export interface Booted extends AsyncDisposable {
  readonly name: string
  readonly file: ServerFile
  readonly target: ProbeTarget
  /** As `runLoad` takes it. */
  readonly address: string
  /** Undefined where it cannot be counted. */
  count(): Promise<Count | undefined>
}

/** Boots it by its `start`, as a user would. Rejects with what `start` said. */
export async function boot(name: string, file: ServerFile, more: readonly string[]): Promise<Booted> {
  const ports: string[] = []
  for (const _ of file.ports) ports.push(String(await freePort()))
  const folder = join(WILD_FOLDER, name)
  await run(join(folder, 'start'), [...ports, ...more])
  const port = Number(ports[0])
  return {
    name,
    file,
    target: { host: '127.0.0.1', port },
    address: file.ports[0] === 'lmtp' ? `lmtp://127.0.0.1:${port}` : `127.0.0.1:${port}`,
    async count() {
      if (file.counted_by === 'none') return undefined
      const { stdout } = await run(join(folder, 'count'), ports)
      return readCount(stdout, name)
    },
    async [Symbol.asyncDispose]() {
      await run(join(WILD_FOLDER, 'stop'), [name, String(port)])
    },
  }
}

/** `MESSAGES RECIPIENTS`, each a number or `-`. */
export function readCount(text: string, name: string): Count {
  const [, messages, recipients] = /^(\d+|-) (\d+|-)$/.exec(text.trim()) ?? []
  if (messages === undefined || recipients === undefined || (messages === '-' && recipients === '-'))
    throw new Error(
      `test/wild/${name}/count printed ${JSON.stringify(text)}: a line \`messages recipients\` is wanted, numbers or one -.`,
    )
  return { messages: numberOf(messages), recipients: numberOf(recipients) }
}

function numberOf(text: string): number | null {
  return text === '-' ? null : Number(text)
}
