import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { expect, it, onTestFinished } from 'vitest'
import { selfSignedCertificate } from '../../containers/certificate.ts'
import { runLoad } from '../../src/run/load.ts'

/** What one connection brought: where it came from, a PROXY header, and its commands. */
interface Seen {
  readonly from: string
  header: string
  readonly commands: string[]
  protocol?: string
  servername?: string | false | null
  clientCertificate?: string
}

async function listening(server: Server, address = '127.0.0.1'): Promise<number> {
  const open = new Set<Socket>()
  server.on('connection', (socket: Socket) => open.add(socket))
  onTestFinished(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })
  server.listen(0, address)
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** Takes everything. `behindProxy`: the first line, or the binary header of 28 octets, is no SMTP. */
async function smtpServer({
  behindProxy = false,
  tls,
  address,
}: {
  behindProxy?: boolean
  tls?: object
  address?: string
} = {}) {
  const seen: Seen[] = []
  const talk = (socket: Socket) => {
    const session: Seen = { from: socket.remoteAddress ?? '', header: '', commands: [] }
    seen.push(session)
    let input = Buffer.alloc(0)
    let isData = false
    let awaitsHeader = behindProxy
    const say = (text: string) => socket.write(`${text}\r\n`)
    if (!awaitsHeader) say('220 ready')
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk) => {
      input = Buffer.concat([input, chunk])
      if (awaitsHeader) {
        const isBinary = input[0] === 13
        const end = isBinary ? 28 : input.indexOf('\n') + 1
        if (end === 0 || input.length < end) return
        session.header = input.subarray(0, end).toString(isBinary ? 'hex' : 'latin1')
        input = input.subarray(end)
        awaitsHeader = false
        say('220 ready')
      }
      for (let end = input.indexOf('\r\n'); end !== -1; end = input.indexOf('\r\n')) {
        const line = input.toString('latin1', 0, end)
        input = input.subarray(end + 2)
        if (isData && line !== '.') continue
        if (!isData) session.commands.push(line)
        if (line.startsWith('EHLO')) say('250-hello\r\n250 XCLIENT NAME ADDR')
        else if (line.startsWith('XCLIENT')) say('220 again')
        else if (line === 'DATA') say('354 go on')
        else if (line === 'QUIT') socket.end('221 bye\r\n')
        else say('250 ok')
        isData = line === 'DATA'
      }
    })
    return session
  }
  const server =
    tls === undefined
      ? createServer(talk)
      : createTlsServer(tls, (socket) => {
          const session = talk(socket)
          session.protocol = socket.getProtocol() ?? ''
          session.servername = socket.servername
          session.clientCertificate = String(socket.getPeerCertificate().subject?.CN)
        })
  return { port: await listening(server, address), seen }
}

const load = { executor: 'shared-iterations', messages: 8, workers: 4, size: 'small' } as const

/** Without that of the check before the load. */
const sessionsOf = (seen: readonly Seen[]) => seen.filter(({ commands }) => commands.includes('DATA'))

it('each session comes from the next local address', async () => {
  const { port, seen } = await smtpServer()
  const { metrics } = await runLoad({
    ...load,
    messagesPerSession: 1,
    localAddresses: '127.0.0.2-127.0.0.5',
    targets: [`127.0.0.1:${port}`],
  })
  expect(metrics.successful_messages).toBe(8)
  const sessions = sessionsOf(seen)
  expect(new Set(sessions.map(({ from }) => from))).toEqual(
    new Set(['127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5']),
  )
  for (const { from, commands } of sessions) expect(commands[0]).toBe(`EHLO [${from}]`)
})

it('of local addresses of both families, those of the target are taken', async () => {
  const { port, seen } = await smtpServer({ address: '::1' })
  const targets = [`[::1]:${port}`]
  const { metrics } = await runLoad({ ...load, localAddresses: '127.0.0.2,::1', targets })
  expect(metrics.successful_messages).toBe(8)
  for (const { commands } of seen) expect(commands[0]).toBe('EHLO [IPv6:::1]')
  await expect(runLoad({ ...load, localAddresses: '127.0.0.2', targets })).rejects.toThrow(
    `Failed to connect to [::1]:${port} from 127.0.0.2: it is ::1, of the other family.`,
  )
})

it.each([
  ['v1', /^PROXY TCP4 192\.0\.2\.[12] 127\.0\.0\.1 \d+ \d+\r\n$/],
  ['v2', /^0d0a0d0a000d0a515549540a2111000cc00002(01|02)7f000001[0-9a-f]{8}$/],
] as const)('each connection begins with the PROXY header, %s', async (proxyProtocol, header) => {
  const { port, seen } = await smtpServer({ behindProxy: true })
  const { metrics } = await runLoad({
    ...load,
    proxyProtocol,
    proxySource: '192.0.2.1-192.0.2.2',
    targets: [`127.0.0.1:${port}`],
  })
  expect(metrics.successful_messages).toBe(8)
  expect(seen.length).toBeGreaterThan(4)
  for (const session of seen) expect(session.header).toMatch(header)
  expect(
    new Set(sessionsOf(seen).map((session) => /192\.0\.2\.\d|c00002../.exec(session.header)?.[0])).size,
  ).toBe(2)
})

it('a server that does not expect the PROXY protocol is told of before the load', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk) => {
      for (const line of String(chunk).split('\n').slice(0, -1))
        socket.write(line.startsWith('EHLO') ? '250 hello\r\n' : '500 5.5.2 what?\r\n')
    })
    socket.write('220 ready\r\n')
  })
  const port = await listening(server)
  const options = { ...load, proxyProtocol: 'v1', targets: [`127.0.0.1:${port}`] } as const
  await expect(runLoad(options)).rejects.toThrow('it answers the PROXY header by "500 5.5.2 what?".')
})

it('the client has the name that it is given, and XCLIENT names another, after which it says EHLO again', async () => {
  const { port, seen } = await smtpServer()
  const { metrics, workload } = await runLoad({
    ...load,
    ehloName: 'client.example.test',
    xclient: 'ADDR=192.0.2.1 NAME=a.example.test',
    targets: [`smtp://127.0.0.1:${port}`],
  })
  expect(metrics.successful_messages).toBe(8)
  expect(workload.client).toEqual({
    ehlo_name: 'client.example.test',
    xclient: 'ADDR=192.0.2.1 NAME=a.example.test',
  })
  for (const { commands } of sessionsOf(seen))
    expect(commands.slice(0, 3)).toEqual([
      'EHLO client.example.test',
      'XCLIENT ADDR=192.0.2.1 NAME=a.example.test',
      'EHLO client.example.test',
    ])
})

it('TLS: a client certificate, a server name and a least version; and what is wrong with the files', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mailstorm-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const { certPem, keyPem } = await selfSignedCertificate()
  const [tlsCert, tlsKey, tlsServerName] = [
    join(folder, 'client.pem'),
    join(folder, 'client.key'),
    'localhost',
  ]
  await writeFile(tlsCert, certPem)
  await writeFile(tlsKey, keyPem)
  const tls = { cert: certPem, key: keyPem, requestCert: true, rejectUnauthorized: false }
  const { port, seen } = await smtpServer({ tls })
  const secure = { ...load, tlsVerify: false, targets: [`smtps://127.0.0.1:${port}`] } as const
  const { metrics, workload } = await runLoad({
    ...secure,
    tlsCert,
    tlsKey,
    tlsServerName,
    tlsMinVersion: 'TLSv1.3',
  })
  expect(metrics.successful_messages).toBe(8)
  expect(workload.tls).toBe('implicit')
  for (const session of seen)
    expect(session).toMatchObject({
      protocol: 'TLSv1.3',
      servername: 'localhost',
      clientCertificate: 'localhost',
    })

  const old = await smtpServer({ tls: { ...tls, maxVersion: 'TLSv1.2' } })
  const refused = runLoad({ ...secure, targets: [`smtps://127.0.0.1:${old.port}`], tlsMinVersion: 'TLSv1.3' })
  await expect(refused).rejects.toThrow(`Failed to reach 127.0.0.1:${old.port}: TLS failed: `)
  await expect(runLoad({ ...secure, tlsCert, tlsKey: join(folder, 'none') })).rejects.toThrow(
    `Failed to read the key of the client "${join(folder, 'none')}": `,
  )
  await expect(runLoad({ ...secure, tlsCert, tlsKey: tlsCert })).rejects.toThrow(
    'Failed to use the certificate ',
  )
  const plain = runLoad({ ...load, tlsMinVersion: 'TLSv1.3', targets: [`smtp://127.0.0.1:${port}`] })
  await expect(plain).rejects.toThrow('Failed to use the settings of TLS: no target is sent to with TLS.')
})

it('the PROXY header stands before TLS', async () => {
  const { certPem: cert, keyPem: key } = await selfSignedCertificate()
  const headers: string[] = []
  const inner = await smtpServer({ tls: { cert, key } })
  const server = createServer((socket) => {
    const passedOn = connect(inner.port, '127.0.0.1')
    for (const end of [socket, passedOn]) end.on('error', () => end.destroy())
    socket.once('data', (chunk: Buffer) => {
      const end = chunk.indexOf('\n') + 1
      headers.push(chunk.toString('latin1', 0, end))
      passedOn.write(chunk.subarray(end))
      socket.pipe(passedOn).pipe(socket)
    })
  })
  const port = await listening(server)
  const { metrics } = await runLoad({
    ...load,
    proxyProtocol: 'v1',
    tlsVerify: false,
    targets: [`smtps://127.0.0.1:${port}`],
  })
  expect(metrics.successful_messages).toBe(8)
  for (const header of headers) expect(header).toMatch(/^PROXY TCP4 127\.0\.0\.1 127\.0\.0\.1 \d+ \d+\r\n$/)
})
