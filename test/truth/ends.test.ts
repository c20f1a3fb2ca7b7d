import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { embeddedSmtpServer, type RunningSmtpServer } from '../../containers/smtp-server.ts'
import { readSinkOptions } from '../../src/programs/sink/options.ts'
import { type RunningSink, startSink } from '../../src/programs/sink/sink.ts'
import { RawClient } from '../../src/programs/smtp-server/raw-client.fixture.ts'

/**
 * Only CRLF.CRLF ends a message (RFC 5321 4.1.1.4). Asked of our own server and sink alone: what they run here they
 * boot themselves. The protocol probe asks other people's servers nothing of this kind.
 */
const OTHER_ENDS = ['\n.\n', '\n.\r\n', '\r\n.\n', '\r.\r', '\r.\r\n'] as const

let server: RunningSmtpServer
let sink: RunningSink

beforeAll(async () => {
  server = await embeddedSmtpServer({ name: 'smtp-server-ends' }).start()
  const anyPort = '127.0.0.1:0'
  const bind = { MH_SMTP_BIND_ADDR: anyPort, MH_API_BIND_ADDR: anyPort, MH_UI_BIND_ADDR: anyPort }
  sink = await startSink(readSinkOptions(bind, []))
}, 30_000)

afterAll(async () => {
  await server.stop()
  await sink.close()
})

describe.each([
  ['our server', () => server.port],
  ['our sink', () => sink.smtpPort],
])('%s', (_name, port) => {
  async function inData(): Promise<RawClient> {
    const client = await RawClient.ready(port())
    await client.say('MAIL FROM:<a@example.com>')
    await client.say('RCPT TO:<b@example.com>')
    expect(await client.say('DATA')).toMatch(/^354/)
    return client
  }

  test.each(OTHER_ENDS)('takes text with %j in it as one message', async (end) => {
    const client = await inData()
    client.write(`Subject: x\r\n\r\none${end}MAIL FROM:<c@example.com>\r\n.\r\n`)
    expect(await client.reply()).toMatch(/^250 .*(queued)/)
    // Were the text taken for commands, its reply would come before this one.
    expect(await client.say('VRFY b@example.com')).toMatch(/^25[02]|^500/)
    expect(await client.say('RCPT TO:<d@example.com>')).toMatch(/^50[03]/)
    client.close()
  })

  test('takes a message without a line', async () => {
    const client = await inData()
    client.write('.\r\n')
    expect(await client.reply()).toMatch(/^250 .*queued/)
    client.close()
  })
})
