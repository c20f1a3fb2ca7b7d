import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../containers/loopback.ts'
import { stopChild } from '../child-process.ts'
import { type RunningTool, runs, startTool, type Tool } from './tool.ts'

const PROGRAM = fileURLToPath(new URL('./aiosmtpd_server.py', import.meta.url))

/** The first Python that has aiosmtpd: Debian's package goes to Debian's Python, which may not be the first in PATH. */
const python = ['python3', '/usr/bin/python3'].find((command) => runs(command, ['-c', 'import aiosmtpd']))

/** aiosmtpd, appending each message to a file: 4 octets of length, then its octets. */
export const aiosmtpd: Tool = {
  name: 'aiosmtpd',
  missing: python === undefined ? 'aiosmtpd is not installed (Debian package: python3-aiosmtpd)' : undefined,
  async start(folder): Promise<RunningTool> {
    const port = await freePort()
    const file = join(folder, 'messages')
    const child = await startTool(python ?? 'python3', [PROGRAM, String(port), file], port)
    return {
      port,
      received: async () => [...messagesOf(await readFile(file))],
      [Symbol.asyncDispose]: () => stopChild(child),
    }
  },
}

function* messagesOf(file: Buffer): Generator<Buffer> {
  for (let at = 0; at < file.length; ) {
    const end = at + 4 + file.readUInt32BE(at)
    yield file.subarray(at + 4, end)
    at = end
  }
}
