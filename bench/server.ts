import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as after } from 'node:timers/promises'
import { freePort } from '../containers/loopback.ts'
import { seeBanner } from '../containers/smtp-banner.ts'
import { embeddedSmtpServer } from '../containers/smtp-server.ts'
import { isInstalled, POSTFIX_ENV } from './clients/run.ts'

export interface BenchServer extends AsyncDisposable {
  readonly name: string
  readonly port: number
}

/** Pending connections that the kernel keeps for smtp-sink. */
const BACKLOG = 1_000
const READY_WITHIN_MS = 10_000

/** Postfix's smtp-sink, the fastest server there is to test against; else our own. */
export async function startServer(): Promise<BenchServer> {
  return (await isInstalled('smtp-sink')) ? startSmtpSink() : startOwn()
}

async function startSmtpSink(): Promise<BenchServer> {
  const port = await freePort()
  // As root it refuses to run without a user to become.
  const user = process.getuid?.() === 0 ? ['-u', 'nobody'] : []
  const sink = spawn('smtp-sink', [...user, `127.0.0.1:${port}`, String(BACKLOG)], {
    stdio: 'ignore',
    env: POSTFIX_ENV,
  })
  const exited = once(sink, 'exit')
  await Promise.race([
    bannerOf(port),
    exited.then(([code]) => Promise.reject(new Error(`smtp-sink ended with code ${code}`))),
  ])
  return {
    name: "Postfix's smtp-sink",
    port,
    async [Symbol.asyncDispose]() {
      sink.kill()
      await exited
    },
  }
}

async function startOwn(): Promise<BenchServer> {
  const server = await embeddedSmtpServer({ name: 'bench-server', maxConnections: 1_000 }).start()
  return { name: 'our SMTP server', port: server.port, [Symbol.asyncDispose]: () => server.stop() }
}

/** smtp-sink does not say when it listens: its banner does. */
async function bannerOf(port: number): Promise<void> {
  const deadlineMs = performance.now() + READY_WITHIN_MS
  for (;;) {
    try {
      return await seeBanner('127.0.0.1', port, READY_WITHIN_MS)
    } catch (error) {
      if (performance.now() > deadlineMs) throw error
      await after(20)
    }
  }
}
