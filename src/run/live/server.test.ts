import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { burstResult } from '../../report/result.fixture.ts'
import { timelineRow } from '../../report/result-parts.fixture.ts'
import { LiveHub } from './hub.ts'
import { progress } from './progress.fixture.ts'
import { EVENTS_PATH, LiveServer } from './server.ts'

const FIRST_PORT = 39_200

async function started(firstPort = FIRST_PORT) {
  const hub = new LiveHub({ css: '', script: '' })
  const server = new LiveServer(hub, '<p>page</p>')
  onTestFinished(() => server.stop())
  return { hub, server, address: await server.start(firstPort) }
}

/** Reads events until one of a name has come. */
async function* eventsOf(address: string) {
  const response = await fetch(address + EVENTS_PATH)
  let text = ''
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString()
    const frames = text.split('\n\n')
    text = frames.pop() ?? ''
    for (const frame of frames) {
      const [, name, data = ''] = /^event: (\w+)\ndata: (.*)$/s.exec(frame) ?? []
      yield { name, data: JSON.parse(data) as Record<string, unknown> }
    }
  }
}

const rows = (second: number) => ({ timeline: [timelineRow(second)], resources: {} })

test('whoever comes late is told what he has missed, then what happens, to its end', async () => {
  const { hub, server, address } = await started()
  hub.finished(burstResult({ scenario: 'quick' }))
  hub.running(progress(), rows(0))
  const events = eventsOf(address)
  const first = await events.next()
  expect(first.value).toMatchObject({ name: 'finished', data: { name: 'quick', verdict: 'PASSED' } })
  expect((await events.next()).value).toMatchObject({ name: 'run', data: { run_id: 'run-1' } })
  hub.running(progress(), rows(1))
  expect((await events.next()).value).toMatchObject({ name: 'update' })
  hub.running(progress({ run_id: 'run-2' }), rows(0))
  expect((await events.next()).value).toMatchObject({ name: 'run', data: { run_id: 'run-2' } })
  hub.end()
  const stopped = server.stop()
  expect((await events.next()).value).toMatchObject({ name: 'end' })
  expect((await events.next()).done).toBe(true)
  await stopped
})

test('takes the next port when one is taken', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void other.close())
  await once(other, 'listening')
  const { port: taken } = other.address() as AddressInfo
  const { address } = await started(taken)
  expect(Number(new URL(address).port)).toBeGreaterThan(taken)
  expect(await (await fetch(address)).text()).toBe('<p>page</p>')
})

test('answers nobody who calls it by another name', async () => {
  const { address } = await started()
  const { port } = new URL(address)
  const call = request({ host: '127.0.0.1', port, headers: { host: 'evil.example' } }).end()
  const [response] = await once(call, 'response')
  response.resume()
  expect(response.statusCode).toBe(403)
  expect((await fetch(`${address}/etc/passwd`)).status).toBe(404)
})

test('can be stopped twice, and before it has started', async () => {
  const { server } = await started()
  await server.stop()
  await server.stop()
  await new LiveServer(new LiveHub({ css: '', script: '' }), '').stop()
})
