import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { runLoad } from '../../src/run/load.ts'

// As sendmail 8.17 does while the load average is above RefuseLA: what is connected goes on, and nothing else is.
test('a server that stops listening while the load runs, and begins again, is told as that', async () => {
  const closedMs = 1_500
  let sessions = 0
  let server: Server = createServer()
  const listen = (port: number) => {
    server = createServer((socket) => {
      socket.on('error', () => socket.destroy())
      socket.write('220 busy\r\n')
      socket.on('data', (chunk) => {
        if (chunk.includes('QUIT')) socket.end('221 bye\r\n')
        else socket.write(chunk.includes('DATA') ? '354 go\r\n' : '250 ok\r\n')
      })
      if (++sessions !== 6) return
      server.close()
      setTimeout(() => listen(port), closedMs)
    })
    return server.listen(port, '127.0.0.1')
  }
  await once(listen(0), 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const result = await runLoad({
    executor: 'constant-arrival-rate',
    rate: 10,
    durationSeconds: 4,
    workers: 1,
    size: 'small',
    messagesPerSession: 1,
    targets: [`127.0.0.1:${port}`],
  })
  const { connection_refused: refused = 0 } = result.metrics.error_breakdown
  expect(refused).toBeGreaterThan(2)
  expect(result.metrics.successful_messages).toBe(40 - refused)
  expect(result.observations.join('\n')).toMatch(
    /^\d+ connections were refused \d\.\d to \d\.\d s after the start, by a server that had greeted before the load: it had ended, or it stopped listening while it runs, as sendmail does while/m,
  )
})
