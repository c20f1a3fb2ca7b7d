// @module-tag long

import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../containers/loopback.ts'
import { folderWith, mailstorm } from '../analysis/mailstorm.ts'

/**
 * A server that speaks in lines, on loopback, and what was said to it. `answer` gives the reply to a line, `''` for
 * the greeting.
 */
async function lineServer(answer: (line: string) => string) {
  const heard: string[] = []
  let connections = 0
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    connections += 1
    sockets.add(socket)
    let rest = ''
    socket.on('error', () => socket.destroy())
    socket.write(answer(''))
    socket.setEncoding('latin1').on('data', (text: string) => {
      const lines = `${rest}${text}`.split('\r\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        heard.push(line)
        socket.write(answer(line))
      }
    })
  }).listen(0, '127.0.0.1')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    port,
    connections: () => connections,
    messages: () => heard.filter((line) => /^MAIL FROM/i.test(line)).length,
    heard,
  }
}

/** Speaks SMTP or LMTP, and takes everything but a message's octets. */
const mailServer = (hello: 'EHLO' | 'LHLO') =>
  lineServer((line) => {
    const verb = line.slice(0, 4).toUpperCase()
    if (line === '') return '220 counter ready\r\n'
    if (verb === hello) return '250 counter\r\n'
    if (verb === 'QUIT') return '221 bye\r\n'
    return /^(MAIL|RCPT|RSET)$/.test(verb) ? '250 ok\r\n' : '500 what?\r\n'
  })

/** Knows no password (RFC 9051). */
const imapServer = () =>
  lineServer((line) => {
    if (line === '') return '* OK [CAPABILITY IMAP4rev1] counter\r\n'
    const [tag = '*', command = ''] = line.split(' ')
    if (command === 'LOGIN') return `${tag} NO [AUTHENTICATIONFAILED] Authentication failed.\r\n`
    return `${command === 'CAPABILITY' ? '* CAPABILITY IMAP4rev1\r\n' : ''}${tag} OK done\r\n`
  })

/** `mailstorm run custom --target …` in a folder with these files. */
async function run(args: readonly string[], files: Readonly<Record<string, string>>) {
  const folder = await folderWith({})
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
  const { exitCode, out, err } = await mailstorm(folder, ['run', 'custom', '--messages', '5', ...args])
  return { exitCode, output: `${out}${err}` }
}

const isOneMessage = (output: string, code: RegExp) => {
  expect(output).not.toMatch(/\n\s+at /)
  expect(output.match(new RegExp(code, 'g'))).toHaveLength(1)
}

const BOM = '\ufeff'
const EML = 'Subject: x\n\nhello\n'

test.each<[string, string[], Record<string, string>, RegExp]>([
  [
    'a corpus with a line over 998 octets',
    ['--corpus', 'mails'],
    { 'mails/long.eml': `${EML}${'y'.repeat(1_200)}\n` },
    /Failed to read the corpus: 1 of 1 messages cannot be sent:\s+mails\/long\.eml:4: a line of 1,200 octets, and 998 may be in one/,
  ],
  [
    'a corpus that is an empty folder',
    ['--corpus', 'mails'],
    { 'mails/.keep': '' },
    /Failed to read the corpus: "mails" has no mail\./,
  ],
  [
    'a template that names no column',
    ['--recipient', '{pick:users.csv:emial}'],
    { 'users.csv': 'name,email\nA,a@example.test\n' },
    /there is no column emial; it has name, email\.\s.*Is email meant\?/s,
  ],
  [
    'a CSV with a byte order mark and a quote that does not end',
    ['--recipient', '{pick:users.csv:email}'],
    { 'users.csv': `${BOM}"name","email"\n"A ""the first""","a@example.test"\n"B,b@example.test\n` },
    /users\.csv: its quotes are wrong in line 3/,
  ],
])('%s is one message, and nothing is dialled', async (_, args, files, why) => {
  const server = await mailServer('EHLO')
  const { exitCode, output } = await run([...args, '--target', `127.0.0.1:${server.port}`], files)
  expect(output).toMatch(why)
  isOneMessage(output, why)
  expect(exitCode).not.toBe(0)
  expect(server.connections()).toBe(0)
})

test('a CSV with a byte order mark and quotes is read as it is meant', async () => {
  const server = await mailServer('EHLO')
  const files = { 'users.csv': `${BOM}"name";"email"\r\n"A ""the first"", B";"a@example.test"\r\n` }
  await run(['--recipient', '{pick:users.csv:email}', '--target', `127.0.0.1:${server.port}`], files)
  expect(server.heard).toContain('RCPT TO:<a@example.test>')
})

test('a wrong IMAP password is one message without the password, and nothing is sent', async () => {
  const [server, imap] = [await mailServer('EHLO'), await imapServer()]
  const verify = `imap://alice%40example.test:geheim@127.0.0.1:${imap.port}?tls=none`
  const { exitCode, output } = await run(['--verify', verify, '--target', `127.0.0.1:${server.port}`], {})
  const why =
    /Failed to read the mailbox of \S+ at imap:\/\/127\.0\.0\.1:\d+: the server refuses user or password/
  expect(output).toMatch(why)
  isOneMessage(output, why)
  expect(output).not.toContain('geheim')
  expect(imap.connections()).toBeGreaterThan(0)
  expect(exitCode).toBe(1)
  expect(server.messages()).toBe(0)
})

test.each([
  [
    'mailpit:http://127.0.0.1:PORT',
    /Failed to read Mailpit at http:\/\/127\.0\.0\.1:\d+: the connection was refused/,
  ],
  [
    'imap://a:b@127.0.0.1:PORT',
    /Failed to read the mailbox of a at imap:\/\/127\.0\.0\.1:\d+: the connection was refused/,
  ],
  ['maildir:/no/such/maildir', /Failed to read the maildir \/no\/such\/maildir/],
])('a verifier that cannot be reached, %s, is one message, and nothing is sent', async (verify, why) => {
  const [server, port] = [await mailServer('EHLO'), await freePort()]
  const { exitCode, output } = await run(
    ['--verify', verify.replace('PORT', String(port)), '--target', `127.0.0.1:${server.port}`],
    {},
  )
  expect(output).toMatch(why)
  isOneMessage(output, why)
  expect(exitCode).toBe(1)
  expect(server.messages()).toBe(0)
})

test.each([
  ['LMTP to an SMTP server', 'EHLO', 'lmtp://127.0.0.1:', /it speaks SMTP, not LMTP: .*"500 what\?"/],
  [
    'SMTP to an LMTP server',
    'LHLO',
    '127.0.0.1:',
    /it speaks LMTP, not SMTP: .*"500 what\?", and takes LHLO/,
  ],
] as const)('%s is one message, and nothing is sent', async (_, hello, target, why) => {
  const server = await mailServer(hello)
  const { exitCode, output } = await run(['--target', `${target}${server.port}`], {})
  expect(output).toMatch(why)
  isOneMessage(output, why)
  expect(exitCode).toBe(1)
  expect(server.messages()).toBe(0)
})
