import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { awaitTargets } from '../../deploy/images/await-targets.ts'

let server: Server | undefined
afterEach(() => server?.close())

async function listening(port = 0): Promise<number> {
  server = createServer((socket) => socket.on('error', () => {}).end('220 smtp-0 ESMTP\r\n'))
  await once(server.listen(port, '127.0.0.1'), 'listening')
  return (server.address() as AddressInfo).port
}

async function closedPort(): Promise<number> {
  const port = await listening()
  await new Promise((resolve) => server?.close(resolve))
  return port
}

/** Its waiting takes no time. */
function clockThat(meanwhile: (waits: number) => Promise<unknown>) {
  let [now, waits] = [0, 0]
  const clock = {
    nowEpochMs: () => now,
    async wait(ms: number) {
      now += ms
      await meanwhile(++waits)
    },
  }
  return { clock, waits: () => waits }
}

const OPTIONS = { tls: 'none', allowPublicTargets: false, withinMs: 10_000 } as const

test('goes on once a server that was not there greets', async () => {
  const port = await closedPort()
  const { clock, waits } = clockThat(async (waited) => waited === 3 && (await listening(port)))
  await awaitTargets({ ...OPTIONS, targets: [{ host: '127.0.0.1', port }], clock })
  expect(waits()).toBe(3)
})

test('says what was wrong last when the time is up', async () => {
  const port = await closedPort()
  const { clock, waits } = clockThat(async () => {})
  const targets = [{ host: '127.0.0.1', port }]
  await expect(awaitTargets({ ...OPTIONS, targets, clock })).rejects.toThrow(
    `Failed to reach 127.0.0.1:${port}`,
  )
  expect(waits()).toBe(5)
})

test('does not wait for what waiting cannot change', async () => {
  const { clock, waits } = clockThat(async () => {})
  const targets = [{ host: '192.0.2.1', port: 25 }]
  await expect(awaitTargets({ ...OPTIONS, targets, clock })).rejects.toMatchObject({ code: 'PUBLIC_TARGET' })
  expect(waits()).toBe(0)
})
