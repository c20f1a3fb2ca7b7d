import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createServer as createNetServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { freePort } from '../../../containers/loopback.ts'
import type { SmtpTarget, TlsOptions } from '../target.ts'
import { listen, serve, serveTls } from './fake-server.fixture.ts'
import {
  checkDescriptors,
  checkHosts,
  DESCRIPTOR_MARGIN,
  type PreflightWorld,
  preflight,
  readProcLimits,
} from './preflight.ts'

const PLAIN: TlsOptions = { mode: 'none', verify: true }
const world: PreflightWorld = {
  lookup: async (host) => [{ address: host === 'public.test' ? '203.0.113.7' : '127.0.0.1', family: 4 }],
  readLimits: () => 'Max open files            1024                 1024                 files     \n',
  greetingTimeoutMs: 5000,
}
const patience = { ...world, greetingTimeoutMs: 300 }

describe('preflight', () => {
  it('passes a server that greets with 220 and takes EHLO, and leaves it with QUIT', async () => {
    const heard = Promise.withResolvers<string>()
    let commands = ''
    const port = await serve((socket) => {
      socket.on('data', (chunk) => {
        commands += chunk
        if (commands.endsWith('QUIT\r\n')) heard.resolve(commands)
        else socket.write('250-hello\r\n250 SIZE\r\n')
      })
      socket.on('end', () => socket.end('221 bye\r\n'))
      socket.write('220-hello\r\n220 ready\r\n')
    })
    await expect(check(port)).resolves.toBeUndefined()
    await expect(heard.promise).resolves.toBe('EHLO [127.0.0.1]\r\nQUIT\r\n')
  })

  it.each([
    [
      undefined,
      'LHLO',
      'it speaks LMTP, not SMTP: it answers EHLO by "500 5.5.1 what?", and takes LHLO.',
      'lmtp://',
    ],
    ['lmtp', 'EHLO', 'it speaks SMTP, not LMTP: it answers LHLO by "500 5.5.1 what?".', 'smtp://'],
    [undefined, 'HELO', undefined, ''],
  ] as const)(
    'sees whether a server knows our hello: %s to one that knows %s',
    async (protocol, known, why, hint) => {
      const port = await serve((socket) => {
        socket.on('data', (chunk) => {
          if (!String(chunk).startsWith('QUIT'))
            socket.write(String(chunk).startsWith(known) ? '250 hello\r\n' : '500 5.5.1 what?\r\n')
        })
        socket.write('220 ready\r\n')
      })
      const { targets, ...rest } = plan([port])
      const checked = preflight(
        { ...rest, targets: targets.map((target) => ({ ...target, ...(protocol && { protocol }) })) },
        world,
      )
      if (why === undefined) await expect(checked).resolves.toBeUndefined()
      else await expect(checked).rejects.toThrow(`${why}\nGive it as ${hint}host:port`)
    },
  )

  it('passes a server that is slow to answer EHLO, or closes then', async () => {
    const slow = await serve((socket) => socket.write('220 ready\r\n'))
    const closing = await serve((socket) => {
      socket.on('data', () => socket.end())
      socket.write('220 ready\r\n')
    })
    await expect(Promise.all([check(slow), check(closing)])).resolves.toBeDefined()
  })

  it('says what is wrong with a Unix socket: that it is none, or that nobody listens', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mailstorm-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const path = join(folder, 'lmtp')
    const target: SmtpTarget = { name: path, host: 'localhost', port: 0, path, protocol: 'lmtp', tls: PLAIN }
    const checked = () => preflight({ ...plan([]), targets: [target] }, world)
    await expect(checked()).rejects.toThrow(
      `Failed to reach ${path}: there is no such socket.\nStart the server`,
    )
    await writeFile(path, '')
    await expect(checked()).rejects.toThrow(`Failed to reach ${path}: it is a file, not a socket.`)
    await rm(path)
    const server = createNetServer((socket) => {
      socket.on('data', (chunk) =>
        socket.write(String(chunk).startsWith('LHLO') ? '250 hello\r\n' : '221 bye\r\n'),
      )
      socket.write('220 ready\r\n')
    })
    server.listen(path)
    await once(server, 'listening')
    await expect(checked()).resolves.toBeUndefined()
    server.close()
  })

  it('passes a server whose greeting has more than 8 KB, and comes in parts', async () => {
    const port = await serve((socket) => {
      socket.setNoDelay(true)
      const greeting = `${`220-${'x'.repeat(500)}\r\n`.repeat(20)}220 ready\r\n`
      socket.write(greeting.slice(0, 9_000), () => setImmediate(() => socket.write(greeting.slice(9_000))))
    })
    await expect(check(port)).resolves.toBeUndefined()
  })

  it('passes a server that sends its greeting byte by byte', async () => {
    const port = await serve((socket) => {
      socket.setNoDelay(true)
      for (const byte of '220 slow\r\n') socket.write(byte)
    })
    await expect(check(port)).resolves.toBeUndefined()
  })

  it('passes a server that greets as late as the load would wait', async () => {
    // As servers do that let senders of junk mail wait: sendmail's greet_pause, Exim's delay.
    const port = await serve((socket) => void setTimeout(() => socket.write('220 late\r\n'), 600))
    const late = { ...plan([port]), replyTimeoutMs: 5_000 }
    await expect(preflight(late, patience)).resolves.toBeUndefined()
    await expect(preflight(plan([port]), patience)).rejects.toThrow('sent no greeting within 0.3 s.')
  })

  it('tries the next address of a host when the first is closed', async () => {
    const port = await serve((socket) => socket.write('220 ready\r\n'))
    const addresses = [
      { address: '127.0.0.9', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ]
    await expect(
      preflight(plan([port]), { ...world, lookup: async () => addresses }),
    ).resolves.toBeUndefined()
  })

  it.each<[string, PreflightWorld, (socket: Socket) => void, string]>([
    [
      'refuses sessions with 554',
      world,
      (socket) => socket.write('554 no SMTP service here\r\n'),
      'it greets with "554 no SMTP service here", not with 220.\nFind out why the server accepts no sessions.',
    ],
    [
      'is too busy (421) and closes',
      world,
      (socket) => socket.end('421 4.3.2 too many connections\r\n'),
      'it greets with "421 4.3.2 too many connections", not with 220.\nFind out why the server accepts no sessions.',
    ],
    [
      'speaks another protocol',
      world,
      (socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'),
      'it is not an SMTP server; it says "SSH-2.0-OpenSSH_9.2".\nCorrect the port.',
    ],
    [
      'closes at once',
      world,
      (socket) => socket.end(),
      "it closed the connection without a greeting.\nCheck the server's log.",
    ],
    [
      'resets the connection',
      world,
      (socket) => socket.resetAndDestroy(),
      "it closed the connection without a greeting.\nCheck the server's log.",
    ],
    [
      'says nothing, and closes when it is asked',
      patience,
      (socket) => socket.on('data', () => socket.end()),
      'it accepted the connection but sent no greeting within 0.3 s.\nCheck whether the server is overloaded.',
    ],
    [
      'greets only after the time limit',
      patience,
      (socket) => socket.on('data', () => socket.write('220 here I am\r\n')),
      'it accepted the connection but sent no greeting within 0.3 s.\nCheck whether the server is overloaded.',
    ],
    [
      'stops in the middle of its greeting',
      patience,
      (socket) => socket.write('220-mail.te'),
      'its greeting did not end within 0.3 s; it began "220-mail.te".\nCheck the server\'s log.',
    ],
  ])('refuses a server that %s', async (_, seen, talk, why) => {
    const port = await serve(talk)
    await expect(check(port, PLAIN, seen)).rejects.toMatchObject({
      code: 'UNREACHABLE',
      message: `Failed to reach localhost:${port}: ${why}`,
    })
  })

  it('gives up on a server that never says a word', async () => {
    const port = await serve((socket) => socket.resume())
    await expect(check(port, PLAIN, patience)).rejects.toThrow('sent no greeting within 0.3 s.')
  })

  it('says that a port is closed', async () => {
    const port = await freePort()
    await expect(check(port)).rejects.toThrow(
      `Failed to reach localhost:${port}: the connection was refused; nothing listens on that port now.\nStart the server, or correct the port. Some servers close their listening socket under load (sendmail's RefuseLA).`,
    )
  })

  it('recognises an HTTP server', async () => {
    const port = await listen(createServer())
    await expect(check(port, PLAIN, patience)).rejects.toThrow(
      'an HTTP server answers there, not an SMTP server.',
    )
  })

  it('finds every problem of several targets and of this machine at once', async () => {
    const [closed, ready] = [await freePort(), await serve((socket) => socket.write('220 ready\r\n'))]
    const targets = [target(closed), target(ready), { ...target(25), host: 'public.test' }]
    const all = preflight({ targets, sessions: 5000, allowPublicTargets: false }, world)
    await expect(all).rejects.toMatchObject({
      code: 'PREFLIGHT',
      message: [
        'Failed to start: 3 problems, and nothing was sent.',
        `Failed to reach localhost:${closed}: the connection was refused; nothing listens on that port now. Start the server, or correct the port. Some servers close their listening socket under load (sendmail's RefuseLA).`,
        'Failed to accept the target: public.test is 203.0.113.7, which is neither loopback nor a private address. Set ALLOW_PUBLIC_TARGETS=1 if its owner agreed to this load test; or correct SMTP_TARGETS.',
        'Failed to plan 5,000 sessions: this process may open 1,024 files, and 5,256 are needed. Raise the limit with "ulimit -n 5256" in the shell that starts the run, or use fewer sessions.',
      ].join('\n  '),
    })
  })

  it('opens no connection to a public target', async () => {
    let connections = 0
    const port = await serve(() => connections++)
    // Looks public, and would lead to the server above.
    const lookup = async () => [
      { address: '127.0.0.1', family: 4 },
      { address: '203.0.113.7', family: 4 },
    ]
    await expect(preflight(plan([port]), { ...world, lookup })).rejects.toMatchObject({
      code: 'PUBLIC_TARGET',
    })
    expect(connections).toBe(0)
  })

  it('does not hide an error that is none of ours', async () => {
    const readLimits = () => {
      throw new RangeError('a defect')
    }
    await expect(preflight(plan([]), { ...world, readLimits })).rejects.toThrow(RangeError)
  })
})

it('looks each name up once, however many ports of it are targets, and says what it stands for', async () => {
  const asked: string[] = []
  const lookup = async (host: string) => {
    asked.push(host)
    return [
      { address: '127.0.0.1', family: 4 },
      { address: '127.0.0.2', family: 4 },
      { address: '::1', family: 6 },
    ]
  }
  const targets = [target(25), target(26), { ...target(25), host: 'other.test' }]
  const hosts = await checkHosts({ targets, allowPublicTargets: false }, { ...world, lookup })
  expect(asked).toEqual(['localhost', 'other.test'])
  expect(hosts).toEqual([
    { host: 'localhost', addresses: ['127.0.0.1', '::1', '127.0.0.2'], lookupMs: expect.any(Number) },
    { host: 'other.test', addresses: ['127.0.0.1', '::1', '127.0.0.2'], lookupMs: expect.any(Number) },
  ])
})

describe('preflight with implicit TLS', () => {
  it('passes a server that has a certificate for the name alone: the name goes along (SNI)', async () => {
    const names: (string | undefined)[] = []
    const { port, ca } = await serveTls((name) => names.push(name))
    await expect(check(port, { mode: 'implicit', verify: true, ca })).resolves.toBeUndefined()
    expect(names).toEqual(['localhost'])
  })

  it('passes a server whose certificate it was told to trust, and one it was told not to verify', async () => {
    const { port, ca } = await serveTls()
    await expect(check(port, { mode: 'implicit', verify: true, ca })).resolves.toBeUndefined()
    await expect(check(port, { mode: 'implicit', verify: false })).resolves.toBeUndefined()
  })

  it('says how to accept a certificate that cannot be verified', async () => {
    const { port } = await serveTls()
    await expect(check(port, { mode: 'implicit', verify: true })).rejects.toThrow(
      `Failed to reach localhost:${port}: TLS failed: self-signed certificate (DEPTH_ZERO_SELF_SIGNED_CERT).\nFor a certificate of your own, set STRESS_TLS_VERIFY=0.`,
    )
  })

  it('says that the server speaks no TLS', async () => {
    const port = await serve((socket) => socket.write('220 ready\r\n'))
    await expect(check(port, { mode: 'implicit', verify: true })).rejects.toThrow(
      'it does not speak TLS from the start.\nSet STRESS_TLS=starttls or STRESS_TLS=none.',
    )
  })

  it('says that the server speaks TLS when it is not expected', async () => {
    const { port } = await serveTls()
    await expect(check(port, PLAIN, patience)).rejects.toThrow(
      'it speaks TLS from the start.\nSet STRESS_TLS=implicit, or use its plaintext port.',
    )
  })
})

function target(port: number, tls: TlsOptions = PLAIN): SmtpTarget {
  return { name: `localhost:${port}`, host: 'localhost', port, tls }
}

function plan(ports: readonly number[]) {
  return { targets: ports.map((port) => target(port)), sessions: 10, allowPublicTargets: false }
}

function check(port: number, tls: TlsOptions = PLAIN, seen: PreflightWorld = world): Promise<void> {
  return preflight({ targets: [target(port, tls)], sessions: 10, allowPublicTargets: false }, seen)
}

const limits = (soft: string) => () =>
  [
    'Limit                     Soft Limit           Hard Limit           Units     ',
    'Max processes             96365                96365                processes ',
    `Max open files            ${soft.padEnd(20)} 1048576              files     `,
    'Max locked memory         8388608              8388608              bytes     ',
  ].join('\n')

describe('checkDescriptors', () => {
  it.each([
    ['1024', 1024 - DESCRIPTOR_MARGIN],
    ['unlimited', 1_000_000],
    ['20000', 1],
  ])('lets through, with a limit of %s, %d sessions', (soft, sessions) => {
    expect(() => checkDescriptors(sessions, limits(soft))).not.toThrow()
  })

  it('refuses one session more than there is room for, and names the command', () => {
    expect(() => checkDescriptors(1024 - DESCRIPTOR_MARGIN + 1, limits('1024'))).toThrow(
      [
        'Failed to plan 769 sessions: this process may open 1,024 files, and 1,025 are needed.',
        'Raise the limit with "ulimit -n 1025" in the shell that starts the run, or use fewer sessions.',
      ].join('\n'),
    )
  })

  it.each([
    ['there is no /proc', () => undefined],
    ['the file has another form', () => 'Max open files: many'],
  ])('refuses nothing where %s', (_, readLimits) => {
    expect(() => checkDescriptors(1_000_000, readLimits)).not.toThrow()
  })

  it.runIf(process.platform === 'linux')('finds the limit of this very process', () => {
    expect(() => checkDescriptors(Number.MAX_SAFE_INTEGER, readProcLimits)).toThrow(/may open [\d,]+ files/)
  })
})
