import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { readSinkOptions } from '../../src/programs/sink/options.ts'
import { startSink } from '../../src/programs/sink/sink.ts'
import { runLoad } from '../../src/run/load.ts'
import { SmtpClient } from '../../src/run/smtp/smtp-client.ts'
import { PIPELINING_LEVELS } from '../../src/smtp/target.ts'

const ANY = '127.0.0.1:0'

async function lmtpSink() {
  const bind = { MH_SMTP_BIND_ADDR: ANY, MH_API_BIND_ADDR: ANY, MH_UI_BIND_ADDR: ANY }
  const sink = await startSink(readSinkOptions({ ...bind, SINK_LMTP: ANY, SINK_CHUNKING: '1' }, []))
  onTestFinished(() => sink.close())
  const count = async () => {
    const answer = await fetch(`http://127.0.0.1:${sink.apiPort}/api/v2/messages?limit=1`)
    return ((await answer.json()) as { total: number }).total
  }
  return { lmtpPort: sink.lmtpPort ?? 0, smtpPort: sink.smtpPort, count }
}

/** A Unix socket in front of a port. */
async function socketBefore(port: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mailstorm-'))
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    const inner = connect(port, '127.0.0.1')
    for (const end of [socket, inner]) open.add(end.on('error', () => end.destroy()))
    socket.pipe(inner).pipe(socket)
  })
  onTestFinished(async () => {
    for (const socket of open) socket.destroy()
    server.close()
    await rm(folder, { recursive: true })
  })
  const path = join(folder, 'lmtp')
  server.listen(path)
  await once(server, 'listening')
  return path
}

const load = {
  executor: 'shared-iterations',
  messages: 40,
  workers: 2,
  size: 'small',
  recipients: 3,
} as const

it.each(PIPELINING_LEVELS)(
  'a load by LMTP, pipelining %s: every message arrives once',
  async (pipelining) => {
    const { lmtpPort, count } = await lmtpSink()
    const { metrics, servers, workload } = await runLoad({
      ...load,
      pipelining,
      targets: [`lmtp://127.0.0.1:${lmtpPort}`],
    })
    expect(metrics).toMatchObject({ successful_messages: 40, recipients_refused: 0, sessions_opened: 2 })
    expect(servers).toEqual([`lmtp://127.0.0.1:${lmtpPort}`])
    expect(workload.tls).toBe('none')
    // The level trial of the last two delivers one of its own.
    const trials = pipelining === 'transactions' || pipelining === 'chunks' ? 1 : 0
    expect(await count()).toBe(40 + trials)
  },
)

it('a load over a Unix socket, and one message by SmtpClient', async () => {
  const { lmtpPort, count } = await lmtpSink()
  const target = `lmtp+unix:${await socketBefore(lmtpPort)}`
  const { metrics, servers } = await runLoad({ ...load, targets: [target] })
  expect(metrics.successful_messages).toBe(40)
  expect(servers).toEqual([target])
  await using client = await SmtpClient.connect(target)
  const { text } = await client.send({ from: 'a@example.com', to: ['b@example.com'], message: 'x: y\n\nz\n' })
  expect(text).toContain('<b@example.com> Ok: queued as ')
  expect(await count()).toBe(41)
})

it('LMTP to an SMTP server, and the reverse, are one message each, and nothing is sent', async () => {
  const { lmtpPort, smtpPort, count } = await lmtpSink()
  await expect(runLoad({ ...load, targets: [`lmtp://127.0.0.1:${smtpPort}`] })).rejects.toThrow(
    `Failed to reach 127.0.0.1:${smtpPort}: it speaks SMTP, not LMTP: it answers LHLO by "500 Unrecognised command".\nGive it as smtp://host:port or host:port.`,
  )
  await expect(runLoad({ ...load, targets: [`127.0.0.1:${lmtpPort}`] })).rejects.toThrow(
    `Failed to reach 127.0.0.1:${lmtpPort}: it speaks LMTP, not SMTP: it answers EHLO by "500 5.0.0 Unrecognised command", and takes LHLO.\nGive it as lmtp://host:port.`,
  )
  expect(await count()).toBe(0)
})
