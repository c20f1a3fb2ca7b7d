import { connect } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { RawSmtp } from './contract/raw-smtp.ts'
import { readSinkOptions } from './options.ts'
import { type RunningSink, startSink } from './sink.ts'
import type { ArrivalLine } from './store/arrivals.ts'

let sink: RunningSink
beforeEach(async () => {
  const any = '127.0.0.1:0'
  const bind = { MH_SMTP_BIND_ADDR: any, MH_API_BIND_ADDR: any, MH_UI_BIND_ADDR: any }
  sink = await startSink(
    readSinkOptions({ ...bind, SINK_NEXT_HOP: 'true', SINK_ARRIVALS: 'X-Id', SINK_CHUNKING: 'true' }, []),
  )
})
afterEach(() => sink.close())

async function behave(query: string): Promise<Response> {
  return fetch(`http://127.0.0.1:${sink.apiPort}/sink/hop?${query}`, { method: 'PUT' })
}

async function arrivals(): Promise<ArrivalLine[]> {
  const text = await (await fetch(`http://127.0.0.1:${sink.apiPort}/sink/arrivals`)).text()
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as ArrivalLine]))
}

test('a slow hop has a message only when it answers', async () => {
  const answer = (await (await behave('mode=slow&ms=200')).json()) as { at_epoch_ms: number }
  expect(Math.abs(answer.at_epoch_ms - Date.now())).toBeLessThan(60_000)
  using relay = await RawSmtp.greeted(sink.smtpPort)
  const beganMs = performance.timeOrigin + performance.now()
  await relay.message('X-Id: a\r\n\r\nx')
  expect((await arrivals())[0]?.at_epoch_ms).toBeGreaterThanOrEqual(beganMs + 199)
})

test('a relay that hangs up before a slow hop has answered still has its message', async () => {
  await behave('mode=slow&ms=300')
  const impatient = await RawSmtp.greeted(sink.smtpPort)
  await impatient.envelope('a@x.test', ['b@y.test'])
  await impatient.write('X-Id: a\r\n\r\nx\r\n.\r\n')
  impatient.socket.destroy()
  using patient = await RawSmtp.greeted(sink.smtpPort)
  await patient.message('X-Id: b\r\n\r\nx')
  expect((await arrivals()).map(({ id }) => id)).toEqual(['b'])
})

test.each([
  ['DATA', 'DATA\r\n', /^503 /],
  ['BDAT', 'BDAT 3 LAST\r\nx\r\n', /^503 /],
])('a hop that refuses puts each recipient off, and takes no content by %s', async (_, content, refused) => {
  await behave('mode=refuses&code=451')
  using relay = await RawSmtp.greeted(sink.smtpPort)
  await relay.write(`MAIL FROM:<>\r\nRCPT TO:<b@y.test>\r\n${content}`)
  expect(await relay.reply()).toMatch(/^250 /)
  expect(await relay.reply()).toMatch(/^451 4\.3\.2 /)
  expect(await relay.reply()).toMatch(refused)
  await behave('mode=takes')
  expect(await relay.say('RSET')).toMatch(/^250 /)
  await relay.message('X-Id: a\r\n\r\nx')
  expect(await arrivals()).toHaveLength(1)
})

test('a hop that goes away ends its sessions, refuses connections, and comes back at the same port', async () => {
  using idle = await RawSmtp.greeted(sink.smtpPort)
  using within = await RawSmtp.greeted(sink.smtpPort)
  await within.envelope('a@x.test', ['b@y.test'])
  await within.write('X-Id: a\r\n\r\nx\r\n')
  await behave('mode=away')
  expect(await idle.reply()).toBe('closed')
  expect(await within.reply()).toBe('closed')
  expect(await refusal(sink.smtpPort)).toBe('ECONNREFUSED')
  await behave('mode=takes')
  using again = await RawSmtp.greeted(sink.smtpPort)
  await again.message('X-Id: b\r\n\r\nx')
  expect((await arrivals()).map(({ id }) => id)).toEqual(['b'])
})

test('what it has taken when it goes away it has answered', async () => {
  const sessions = await Promise.all(Array.from({ length: 20 }, () => RawSmtp.greeted(sink.smtpPort)))
  const replies = sessions.map(async (session, index) => {
    let taken = 0
    for (;;) {
      await session
        .write(`MAIL FROM:<a@x.test>\r\nRCPT TO:<b@y.test>\r\nDATA\r\nX-Id: ${index}\r\n\r\n.\r\n`)
        .catch(() => undefined)
      const answers = [await session.reply(), await session.reply(), await session.reply()]
      const last = answers.includes('closed') ? 'closed' : await session.reply()
      if (last === 'closed') return taken
      taken++
    }
  })
  await expect.poll(async () => (await arrivals()).length).toBeGreaterThan(100)
  await behave('mode=away')
  const taken = (await Promise.all(replies)).reduce((sum, each) => sum + each, 0)
  expect((await arrivals()).length).toBe(taken)
})

test.each([
  ['mode=sleeps', 'mode has to be takes, slow, refuses or away'],
  ['mode=slow', 'ms has to be a whole number up to 600000'],
  ['mode=refuses&code=550', 'code has to be from 400 to 499'],
])('refuses %s', async (query, why) => {
  const response = await behave(query)
  expect(response.status).toBe(400)
  expect(await response.text()).toContain(why)
})

function refusal(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => {
      socket.destroy()
      resolve(undefined)
    })
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code))
  })
}
