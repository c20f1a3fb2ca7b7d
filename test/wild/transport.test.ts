// @module-tag long

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { freePort } from '../../containers/loopback.ts'
import { readSinkOptions } from '../../src/programs/sink/options.ts'
import { startSink } from '../../src/programs/sink/sink.ts'
import { runLoad } from '../../src/run/load.ts'
import { PIPELINING_LEVELS } from '../../src/smtp/target.ts'
import { installed, missing, runInside, startWildServer, startWildStore } from './wild-server.ts'

const LIMIT_MS = 90_000
const load = { executor: 'shared-iterations', messages: 20, workers: 2, size: 'small' } as const

describe('LMTP of Dovecot', () => {
  const reason = missing('dovecot')
  const real = it.skipIf(reason !== undefined)

  /** Messages in the mailboxes of the Dovecot with this certificate. */
  function stored(certificate: string): number {
    const mailboxes = join(dirname(certificate), '../../var/vmail')
    return readdirSync(mailboxes, { recursive: true }).filter((path) => /Maildir\/new\/.+/.test(String(path)))
      .length
  }

  real.each(PIPELINING_LEVELS)(
    'takes each message for each recipient, pipelining %s',
    async (pipelining) => {
      using server = await startWildStore('dovecot')
      const targets = [`lmtp://127.0.0.1:${server.port}`]
      const result = await runLoad({ ...load, recipients: 3, pipelining, targets })
      expect(result.metrics).toMatchObject({ successful_messages: 20, recipients_refused: 0 })
      const trials = result.pipelining?.[0]?.trial_messages ?? 0
      expect(stored(server.certificate)).toBe(20 * 3 + trials)
    },
    LIMIT_MS,
  )

  real(
    'takes it over its Unix socket',
    async () => {
      // The devices of this machine are those of the copy too, and so is their memory.
      const folder = mkdtempSync('/dev/shm/mailstorm-')
      onTestFinished(() => rmSync(folder, { recursive: true }))
      const socket = join(folder, 'lmtp')
      using server = await startWildStore('dovecot', [
        `service lmtp {\nunix_listener ${socket} {\nmode = 0666\n}\n}`,
      ])
      const { metrics, servers } = await runLoad({ ...load, targets: [`lmtp+unix:${socket}`] })
      expect(metrics.successful_messages).toBe(20)
      expect(servers).toEqual([`lmtp+unix:${socket}`])
      expect(stored(server.certificate)).toBe(20)
    },
    LIMIT_MS,
  )

  real(
    'stores for one recipient and fails for the other behind the same DATA: each is told apart',
    async () => {
      using server = await startWildStore('dovecot')
      const root = join(dirname(server.certificate), '../..')
      // Of root, so that the process that delivers as the user cannot store there.
      await runInside(
        { root },
        'cd /var/vmail; install -d -o mail -g mail example.test; install -d -m 700 -o root example.test/user2',
      )
      const { metrics } = await runLoad({
        ...load,
        recipient: 'user{1..2}@example.test',
        recipients: 2,
        targets: [`lmtp://127.0.0.1:${server.port}`],
      })
      expect(metrics).toMatchObject({ successful_messages: 20, recipients_refused: 20 })
      expect(stored(server.certificate)).toBe(20)
    },
    LIMIT_MS,
  )

  real(
    'takes it under STARTTLS',
    async () => {
      using server = await startWildStore('dovecot')
      const targets = [`lmtp://127.0.0.1:${server.port}`]
      const { metrics } = await runLoad({ ...load, tls: 'starttls', tlsVerify: false, targets })
      expect(metrics).toMatchObject({ successful_messages: 20 })
      expect(metrics.phases_ms.tls?.count).toBe(2)
    },
    LIMIT_MS,
  )

  real(
    'is no SMTP server: told before the load',
    async () => {
      using server = await startWildStore('dovecot')
      await expect(runLoad({ ...load, targets: [`127.0.0.1:${server.port}`] })).rejects.toThrow(
        'it speaks LMTP, not SMTP: it answers EHLO by "5',
      )
    },
    LIMIT_MS,
  )
})

describe('submission to Dovecot', () => {
  const program = '/usr/lib/dovecot/submission-login'
  const reason =
    missing('dovecot') ??
    (existsSync(program) || existsSync(join(installed('dovecot'), program))
      ? undefined
      : 'dovecot-submissiond is not installed: remove the installed dovecot, then test/wild/install dovecot')

  it.skipIf(reason !== undefined)(
    'logs in by SCRAM-SHA-256, and refuses a wrong password by its proof',
    async () => {
      const any = '127.0.0.1:0'
      const bind = { MH_SMTP_BIND_ADDR: any, MH_API_BIND_ADDR: any, MH_UI_BIND_ADDR: any }
      await using sink = await startSink(readSinkOptions(bind, []))
      const port = await freePort()
      using _server = await startWildStore('dovecot', [
        'protocols = lmtp submission',
        'auth_mechanisms = scram-sha-256',
        `submission_relay_host = 127.0.0.1`,
        `submission_relay_port = ${sink.smtpPort}`,
        `service submission-login {\ninet_listener submission {\nport = ${port}\n}\n}`,
      ])
      const targets = [`127.0.0.1:${port}`]
      const auth = { user: 'alice@example.test', pass: 'pass', mechanism: 'SCRAM-SHA-256' } as const
      const { metrics } = await runLoad({ ...load, targets, auth })
      expect(metrics.successful_messages).toBe(20)
      const other = { ...auth, pass: 'other' }
      const wrong = await runLoad({ ...load, messages: 1, workers: 1, targets, auth: other })
      expect(wrong.metrics.successful_messages).toBe(0)
      expect(wrong.failures[0]).toMatchObject({ phase: 'auth' })
    },
    LIMIT_MS,
  )
})

describe('Postfix', () => {
  const reason = missing('postfix')
  const real = it.skipIf(reason !== undefined)

  real(
    'is no LMTP server: told before the load',
    async () => {
      using server = await startWildServer('postfix')
      await expect(runLoad({ ...load, targets: [`lmtp://${server.address}`] })).rejects.toThrow(
        'it speaks SMTP, not LMTP: it answers LHLO by "5',
      )
    },
    LIMIT_MS,
  )

  real.each(['v1', 'v2'] as const)(
    'takes the PROXY protocol %s, and logs the client that it names',
    async (version) => {
      const port = await freePort()
      using server = await startWildServer('postfix', [
        `master:127.0.0.1:${port} inet n - n - - smtpd -o smtpd_upstream_proxy_protocol=haproxy`,
      ])
      const behind = {
        ...load,
        proxyProtocol: version,
        proxySource: '192.0.2.7',
        targets: [`127.0.0.1:${port}`],
      }
      const { metrics } = await runLoad(behind)
      expect(metrics.successful_messages).toBe(20)
      expect(readFileSync(server.log, 'utf8')).toMatch(/client=unknown\[192\.0\.2\.7\]/)
      await expect(runLoad({ ...behind, targets: [server.address] })).rejects.toThrow(
        'it answers the PROXY header by "5',
      )
    },
    LIMIT_MS,
  )

  real(
    'has its postscreen take the PROXY protocol, and logs the client that it names',
    async () => {
      const port = await freePort()
      using server = await startWildServer('postfix', [
        `master:127.0.0.1:${port} inet n - n - 1 postscreen -o postscreen_upstream_proxy_protocol=haproxy`,
        'master:smtpd pass - - n - - smtpd',
      ])
      const behind = {
        ...load,
        proxyProtocol: 'v1',
        proxySource: '192.0.2.8',
        targets: [`127.0.0.1:${port}`],
      } as const
      const { metrics } = await runLoad(behind)
      expect(metrics.successful_messages).toBe(20)
      expect(readFileSync(server.log, 'utf8')).toMatch(/postscreen.* CONNECT from \[192\.0\.2\.8\]/)
    },
    LIMIT_MS,
  )

  real(
    'takes XCLIENT, also under STARTTLS, and logs the client that it names',
    async () => {
      using server = await startWildServer('postfix', ['smtpd_authorized_xclient_hosts = 127.0.0.1'])
      const xclient = 'ADDR=192.0.2.9 NAME=a.example.test HELO=b.example.test'
      const introduced = { ...load, xclient, targets: [server.address] } as const
      expect((await runLoad(introduced)).metrics.successful_messages).toBe(20)
      const secured = await runLoad({ ...introduced, tls: 'starttls', tlsVerify: false })
      expect(secured.metrics.successful_messages).toBe(20)
      expect(readFileSync(server.log, 'utf8')).toContain('client=a.example.test[192.0.2.9]')
      using other = await startWildServer('postfix')
      await expect(runLoad({ ...introduced, targets: [other.address] })).rejects.toThrow(
        'it does not offer XCLIENT to this client.',
      )
    },
    LIMIT_MS,
  )

  real(
    'delivers by its lmtp client to the sink, each message once',
    async () => {
      const any = '127.0.0.1:0'
      const bind = { MH_SMTP_BIND_ADDR: any, MH_API_BIND_ADDR: any, MH_UI_BIND_ADDR: any, SINK_LMTP: any }
      await using sink = await startSink(readSinkOptions(bind, []))
      using server = await startWildServer('postfix', [
        'master:lmtp unix - - n - - lmtp',
        `virtual_transport = lmtp:inet:127.0.0.1:${sink.lmtpPort}`,
      ])
      const { metrics } = await runLoad({ ...load, recipients: 3, targets: [server.address] })
      expect(metrics.successful_messages).toBe(20)
      const count = async () => {
        const answer = await fetch(`http://127.0.0.1:${sink.apiPort}/api/v2/messages?limit=1`)
        return ((await answer.json()) as { total: number }).total
      }
      await expect.poll(count, { timeout: 30_000 }).toBe(20)
    },
    LIMIT_MS,
  )
})
