import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from '../../containers/loopback.ts'
import { MailstormError } from '../../src/error.ts'

const READY_WITHIN_MS = 30_000
const LOOK_EVERY_MS = 100
/** Of what it wrote, for the error when it does not start. */
const KEPT_CHARACTERS = 2_000

export interface RealProxyOptions {
  /** An interpreter that has genro-mail-proxy 0.6.10: what test/genro/install prints. */
  readonly python: string
  readonly databaseUrl: string
  /** The admin's. */
  readonly token: string
  /** Undefined = any free port. */
  readonly port?: number | undefined
  /** It caches attachments only if it has such a folder. */
  readonly cacheFolder?: string | undefined
}

export interface RealProxy extends AsyncDisposable {
  readonly url: string
  readonly token: string
  readonly pid: number
}

/** The real genro-mail-proxy as a process of this machine. */
export async function startRealProxy(options: RealProxyOptions): Promise<RealProxy> {
  const { python, token, port = await freePort() } = options
  const program = ['-m', 'uvicorn', 'mail_proxy.server:app', '--host', '127.0.0.1', '--port', `${port}`]
  const child = spawn(python, [...program, '--log-level', 'warning', '--no-access-log'], {
    env: environmentOf(options),
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const said = tailOf(child)
  const ended = once(child, 'exit').then(
    () => `it ended: ${said()}`,
    (error: Error) => error.message,
  )
  const stop = async () => {
    child.kill('SIGKILL')
    await ended
  }
  const url = `http://127.0.0.1:${port}`
  try {
    await Promise.race([ready(url, said), ended.then((why) => Promise.reject(failure(why)))])
  } catch (error) {
    await stop()
    throw error
  }
  return { url, token, pid: child.pid ?? 0, [Symbol.asyncDispose]: stop }
}

function environmentOf({ databaseUrl, token, cacheFolder }: RealProxyOptions): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    GMP_DB_PATH: databaseUrl,
    GMP_API_TOKEN: token,
    ...(cacheFolder === undefined ? {} : { GMP_CACHE_DISK_DIR: cacheFolder }),
  }
}

/** Reads on to the end: a pipe that nobody empties would stop it. */
function tailOf(child: ChildProcessByStdio<null, null, Readable>): () => string {
  let tail = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-KEPT_CHARACTERS)
  })
  return () => tail.trim()
}

async function ready(url: string, said: () => string): Promise<void> {
  for (
    const endMs = performance.now() + READY_WITHIN_MS;
    performance.now() < endMs;
    await delay(LOOK_EVERY_MS)
  ) {
    // Nobody listens yet, which is what this waits for.
    const response = await fetch(`${url}/health`).catch(() => undefined)
    if (response?.ok === true) return
  }
  throw failure(`it did not answer ${url}/health within ${READY_WITHIN_MS} ms: ${said()}`)
}

function failure(why: string): MailstormError {
  return new MailstormError('GENRO', `Failed to start genro-mail-proxy: ${why}`)
}
