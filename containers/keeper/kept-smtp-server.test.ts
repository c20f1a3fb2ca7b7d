import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { KeptSmtpServer } from './kept-smtp-server.ts'

const SERVER = {
  name: 'smtp-server-1',
  host: '127.0.0.1',
  port: 2525,
  implicitTlsPort: null,
  ca: null,
  pid: 1,
  noLedger: null,
}

async function keptBy(answer: RequestListener, answerWithinMs?: number) {
  const keeper = createServer(answer).listen(0, '127.0.0.1')
  await once(keeper, 'listening')
  const end = async () => {
    keeper.closeAllConnections()
    if (keeper.listening) await new Promise((resolve) => keeper.close(resolve))
  }
  onTestFinished(end)
  const { port: apiPort } = keeper.address() as AddressInfo
  const state = { backend: { name: 'embedded', why: '' }, apiPort } as const
  const kept = new KeptSmtpServer(SERVER, state, answerWithinMs)
  onTestFinished(() => kept.stop())
  return { kept, end }
}

test('a server whose keeper has ended has ended too, and its use is unknown', async () => {
  const { kept, end } = await keptBy(() => undefined)
  await end()
  await kept.look()
  expect(await kept.ended).toMatchObject({ by: 'ended with its keeper' })
  expect(await kept.usage()).toBeUndefined()
})

test('a keeper that does not answer is asked one question at a time, and has not ended', async () => {
  let questions = 0
  const { kept } = await keptBy(() => void questions++, 200)
  await Promise.all([kept.look(), kept.look(), kept.look()])
  expect(questions).toBe(1)
  expect(kept.endedBy).toBeUndefined()
})
