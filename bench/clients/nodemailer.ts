import { createTransport } from 'nodemailer'
import { textBody } from '../../src/mail/text.ts'
import type { Measurement } from '../measurement.ts'
import { type ClientTask, RECIPIENT, SENDER, SESSIONS, taskFromArguments } from './task.ts'

/** Client program: nodemailer as its documentation has it for many messages: one pool, plain text. */
const task = taskFromArguments<ClientTask>()
const pool = createTransport({
  pool: true,
  host: '127.0.0.1',
  port: task.port,
  ignoreTLS: true,
  maxConnections: SESSIONS,
  maxMessages: Number.POSITIVE_INFINITY,
})
const text = textBody(task.sizeBytes - (await headerBytes()), 1).toString('latin1')
await send(task.warmUpMessages)
console.log(JSON.stringify(await send(task.messages)))
pool.close()

async function send(messages: number): Promise<Measurement> {
  let left = messages
  const lane = async (): Promise<void> => {
    while (left-- > 0) await pool.sendMail(mail(text))
  }
  const startMs = performance.now()
  const cpuBefore = process.cpuUsage()
  // Two lanes to a session, so that no session waits for its next message.
  await Promise.all(Array.from({ length: SESSIONS * 2 }, lane))
  const cpu = process.cpuUsage(cpuBefore)
  const seconds = (performance.now() - startMs) / 1e3
  return { messages, seconds, cpuSeconds: (cpu.user + cpu.system) / 1e6 }
}

function mail(body: string) {
  return { from: SENDER, to: RECIPIENT, subject: 'mailstorm load test message', text: body }
}

/** All clients send messages of one size, header included. */
async function headerBytes(): Promise<number> {
  const renderer = createTransport({ streamTransport: true, buffer: true, newline: 'windows' })
  const { message } = await renderer.sendMail(mail(''))
  return (message as Buffer).length
}
