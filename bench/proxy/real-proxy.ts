import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { MailstormError } from '../../src/error.ts'
import type { Api } from './queue.ts'

const READY_WITHIN_MS = 20_000
const TOKEN = 'bench-token'

/** The real genro-mail-proxy of a Python environment, as a process of this machine. */
export async function startRealProxy(python: string, databaseUrl: string): Promise<Api & AsyncDisposable> {
  const port = await freePort()
  const args = ['-m', 'uvicorn', 'mail_proxy.server:app', '--host', '127.0.0.1', '--port', String(port)]
  const child = spawn(python, [...args, '--log-level', 'warning', '--no-access-log'], {
    env: { PATH: process.env.PATH, GMP_DB_PATH: databaseUrl, GMP_API_TOKEN: TOKEN },
    stdio: 'ignore',
  })
  const exited = once(child, 'exit')
  const stop = async () => {
    child.kill('SIGKILL')
    await exited
  }
  const url = `http://127.0.0.1:${port}`
  try {
    await Promise.race([ready(url), exited.then(() => Promise.reject(failure('it ended')))])
  } catch (error) {
    await stop()
    throw error
  }
  return { url, token: TOKEN, [Symbol.asyncDispose]: stop }
}

async function ready(url: string): Promise<void> {
  for (const endMs = performance.now() + READY_WITHIN_MS; performance.now() < endMs; await delay(100)) {
    const response = await fetch(`${url}/health`).catch(() => undefined)
    if (response?.ok === true) return
  }
  throw failure(`it did not answer within ${READY_WITHIN_MS} ms`)
}

function failure(why: string): MailstormError {
  return new MailstormError('BENCH', `Failed to start the real proxy: ${why}.`)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
