import { chmod, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../../containers/loopback.ts'
import { stopChild } from '../child-process.ts'
import { type RunningTool, runs, startTool, type Tool } from './tool.ts'

/** The lines that smtp-sink writes above a message: five of its own and a Received header of three. */
const OWN_LINES = 8

/** Postfix's smtp-sink, dumping each message to a file. */
export const smtpSink: Tool = {
  name: 'smtp-sink',
  missing: runs('sh', ['-c', 'command -v smtp-sink'])
    ? undefined
    : 'smtp-sink is not installed (Debian package: postfix)',
  async start(folder): Promise<RunningTool> {
    const port = await freePort()
    const root = process.getuid?.() === 0
    if (root) await chmod(folder, 0o777)
    const user = root ? ['-u', 'nobody'] : []
    const child = await startTool(
      'smtp-sink',
      [...user, '-d', join(folder, 'm.'), `127.0.0.1:${port}`, '64'],
      port,
    )
    return {
      port,
      async received() {
        const files = await readdir(folder)
        return Promise.all(files.map(async (file) => messageOf(await readFile(join(folder, file)))))
      },
      [Symbol.asyncDispose]: () => stopChild(child),
    }
  },
}

/** It writes lines with LF and one empty line at the end. */
function messageOf(dump: Buffer): Buffer {
  const lines = dump.toString('latin1').split('\n')
  return Buffer.from(
    lines
      .slice(OWN_LINES, -2)
      .map((line) => `${line}\r\n`)
      .join(''),
    'latin1',
  )
}
