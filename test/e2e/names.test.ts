import { createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { stress } from './stress.ts'

test('a server given by name: the result has what the name stood for, and the time of its look-up apart', async () => {
  // Answers what a load says without a word too many: enough for 20 messages.
  const server = createServer((socket) => {
    let inData = false
    socket.on('error', () => socket.destroy())
    socket.write('220 names.test\r\n')
    socket.setEncoding('latin1').on('data', (text: string) => {
      for (const line of text.split('\r\n').slice(0, -1)) {
        if (inData && line !== '.') continue
        const reply = inData
          ? '250 taken'
          : line === 'DATA'
            ? '354 go'
            : line === 'QUIT'
              ? '221 bye'
              : '250 ok'
        inData = line === 'DATA'
        socket.write(`${reply}\r\n`)
        if (line === 'QUIT') socket.end()
      }
    })
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  const run = await stress('quick', { SMTP_TARGETS: `localhost:${port}`, STRESS_MESSAGES: '20' })
  expect(run.exitCode, run.output).toBe(0)
  expect(run.result?.servers).toEqual([`localhost:${port}`])
  expect(run.result?.name_lookups).toEqual([
    { host: 'localhost', addresses: expect.arrayContaining(['127.0.0.1']), lookup_ms: expect.any(Number) },
  ])
  expect(run.output).toMatch(/DNS: +localhost → .*127\.0\.0\.1/)
}, 60_000)
