import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from '../../containers/loopback.ts'
import type { BootedHog } from '../../src/programs/sink/contract/hog.ts'
import { RawSmtp } from '../../src/programs/sink/contract/raw-smtp.ts'

const READY_WITHIN_MS = 10_000
const POLL_MS = 20

/** The real MailHog as a process of this machine, its log thrown away (it logs every byte of mail). */
export async function bootMailhog(
  binary: string,
  environment: Readonly<Record<string, string>>,
): Promise<BootedHog & { readonly pid: number }> {
  const [smtpPort, apiPort] = [await freePort(), await freePort()]
  const api = `127.0.0.1:${apiPort}`
  const child = spawn(binary, [], {
    env: {
      MH_SMTP_BIND_ADDR: `127.0.0.1:${smtpPort}`,
      MH_API_BIND_ADDR: api,
      MH_UI_BIND_ADDR: api,
      ...environment,
    },
    stdio: 'ignore',
  })
  const exited = once(child, 'exit')
  const stop = async () => {
    child.kill('SIGKILL')
    await exited
  }
  try {
    // Its listeners start independently, so both are asked (reference: section 1, health).
    const signal = AbortSignal.timeout(READY_WITHIN_MS)
    await until(signal, () => fetch(`http://${api}/`))
    await until(signal, async () => {
      using smtp = await RawSmtp.open(smtpPort)
      await smtp.reply()
    })
  } catch (error) {
    await stop()
    throw error
  }
  return { pid: child.pid ?? 0, smtpPort, apiUrl: `http://${api}`, [Symbol.asyncDispose]: stop }
}

async function until(signal: AbortSignal, attempt: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await attempt()
      return
    } catch {
      signal.throwIfAborted()
      await delay(POLL_MS)
    }
  }
}
