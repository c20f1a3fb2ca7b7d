import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { errorText, MailstormError } from '../../error.ts'

/** Throws MailstormError unless `path` is a socket that this process may connect to (unix(7): write permission). */
export async function checkUnixSocket(path: string): Promise<void> {
  const [why, hint] = (await problemWith(path)) ?? []
  if (why !== undefined) throw new MailstormError('UNREACHABLE', `Failed to reach ${path}: ${why}.`, hint)
}

async function problemWith(path: string): Promise<readonly [why: string, hint: string] | undefined> {
  const start = 'Start the server, or correct the path in SMTP_TARGETS.'
  try {
    const found = await stat(path)
    if (!found.isSocket())
      return [`it is ${found.isDirectory() ? 'a folder' : 'a file'}, not a socket`, start]
    await access(path, constants.W_OK)
    return undefined
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : ''
    if (code === 'ENOENT' || code === 'ENOTDIR') return ['there is no such socket', start]
    if (code === 'EACCES')
      return ['this user may not connect to it', 'Run as a user who may, or change who may write to it.']
    return [errorText(error), start]
  }
}
