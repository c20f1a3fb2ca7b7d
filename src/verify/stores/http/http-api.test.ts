import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { storeOf } from '../registry.ts'

const context = { allowPublicTargets: false, note: () => undefined }

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener)
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

async function checked(text: string): Promise<{ code: string; message: string }> {
  const store = await storeOf(text, context)
  const error = await store?.check().then(
    () => undefined,
    (reason: { code: string; message: string }) => reason,
  )
  await store?.[Symbol.asyncDispose]()
  return error ?? { code: '', message: '' }
}

const CATCHERS = [
  ['mailpit', 'Mailpit'],
  ['mailhog', 'MailHog'],
  ['inbucket', 'inbucket'],
  ['maildev', 'MailDev'],
  ['smtp4dev', 'smtp4dev'],
]

test.each(CATCHERS)('%s: a web page, JSON of others, and 404 are not its API', async (scheme, product) => {
  const port = await serve(({ url = '' }, response) => {
    if (url.startsWith('/page/')) response.end('<!doctype html><title>hello</title>')
    else if (url.startsWith('/json/')) response.end('{"hello":"world"}')
    else response.writeHead(404).end('404 page not found')
  })
  const { code, message } = await checked(`${scheme}:http://127.0.0.1:${port}/page`)
  expect(code).toBe('VERIFY_STORE')
  expect(message).toContain(
    `Failed to read ${product} at http://127.0.0.1:${port}/page: that is not ${product}'s API: it answers with an HTML page.`,
  )
  expect((await checked(`${scheme}:http://127.0.0.1:${port}`)).message).toContain('it answers 404 to /api/')
  expect((await checked(`${scheme}:http://127.0.0.1:${port}/json`)).message).toContain('has another form')
})

test('a store that cannot be reached: which, why, and what to do', async () => {
  const port = await serve(() => undefined)
  const { message } = await checked(`mailpit:http://127.0.0.1:1`)
  expect(message).toBe(
    'Failed to read Mailpit at http://127.0.0.1:1: the connection was refused, nothing listens on that port.\n' +
      'Start it (mailpit --max 0), or correct STRESS_VERIFY.',
  )
  expect(port).toBeGreaterThan(0)
})

test('a wrong login is told, and the password is not', async () => {
  const port = await serve((request, response) => {
    const { authorization } = request.headers
    expect(authorization).toBe(`Basic ${Buffer.from('load:s3cret-word').toString('base64')}`)
    response.writeHead(401).end('no s3cret-word')
  })
  const { message } = await checked(`mailpit:http://load:s3cret-word@127.0.0.1:${port}`)
  expect(message).toContain('it answered 401: the login is wrong')
  expect(message).not.toContain('s3cret-word')
})

test('a text of the server with the password in it is masked', async () => {
  const port = await serve((_, response) => void response.writeHead(500).end('bad s3cret-word\u001b[31m'))
  const { message } = await checked(`mailpit:http://load:s3cret-word@127.0.0.1:${port}`)
  expect(message).toContain('it answered 500 to /api/v1/webui: bad ***')
})

test.each(['mailpit:http://203.0.113.7:8025', 'imap://user:pass@203.0.113.7'])(
  'a public address is refused, before anything is dialled: %s',
  async (text) => {
    const { code, message } = await checked(text)
    expect(code).toBe('PUBLIC_TARGET')
    expect(message).toContain('correct STRESS_VERIFY')
  },
)

test.each([
  ['mailpit:', 'has no URL such as http://127.0.0.1:8025 behind the colon'],
  ['mailpit:127.0.0.1:8025', 'has no URL such as'],
  ['mailpit:ftp://127.0.0.1', 'has no URL such as'],
  ['mailhog:http://127.0.0.1:8025/#/', 'has a URL with ? or #'],
  ['imap://user:s3cret-word@', 'is not of the form'],
])('refuses %j before anything is opened', async (text, why) => {
  const error = await storeOf(text, context).catch((reason: Error) => reason)
  expect(error).toMatchObject({ code: 'BAD_OPTIONS', message: expect.stringContaining(why) })
  expect(String(error)).not.toContain('s3cret-word')
})
