// @module-tag long

import { describe, expect, it } from 'vitest'
import { probe } from '../../src/probe/probe.ts'
import type { ProbeVerdict } from '../../src/probe/report.ts'
import { bootMailhog } from '../mailhog/boot-mailhog.ts'
import { missing, startWildServer, WILD_SERVERS } from './wild-server.ts'

/** All questions to a real server on a busy machine. */
const LIMIT_MS = 180_000

type Verdicts = Readonly<Record<string, ProbeVerdict>>

/** What holds for nearly all: none of them has the known issue of PrixFixe (512 octets to a line of text). */
const ALL_TAKE: Verdicts = {
  greeting: 'conforms',
  message: 'conforms',
  'text-600': 'conforms',
  'text-998': 'conforms',
  'content-64k': 'conforms',
  dots: 'conforms',
  recipients: 'conforms',
  case: 'conforms',
  replies: 'conforms',
}

/** What is particular to each, as docs/servers.md tells it. */
const PARTICULAR: Readonly<Record<(typeof WILD_SERVERS)[number], Verdicts>> = {
  postfix: { 'mail-first': 'deviates', 'unknown-parameter': 'conforms', chunking: 'conforms' },
  exim: { postmaster: 'deviates', connections: 'conforms', starttls: 'conforms' },
  opensmtpd: { starttls: 'deviates', 'ehlo-again': 'deviates', pipelining: 'not offered' },
  chasquid: { 'pipelining-dot': 'deviates', 'nested-mail': 'deviates', smtputf8: 'conforms' },
  aiosmtpd: { help: 'deviates', pipelining: 'not offered' },
  greenmail: { greeting: 'deviates', 'mail-first': 'deviates', 'lf-command': 'conforms' },
  subethasmtp: { 'lf-command': 'conforms', chunking: 'conforms', pipelining: 'not offered' },
  james: { 'pipelining-dot': 'conforms', 'unknown-parameter': 'deviates', help: 'not offered' },
  dumbster: { 'data-first': 'deviates', 'cr-command': 'deviates', quit: 'deviates' },
  sendria: { help: 'deviates', 'unknown-parameter': 'conforms', 'text-over': 'conforms' },
  salmon: { recipients: 'deviates', 'ehlo-again': 'deviates', 'lf-command': 'conforms' },
  bonzo: { ehlo: 'deviates', helo: 'conforms', 'null-sender': 'conforms' },
  slimta: { ehlo: 'deviates', 'pipelining-dot': 'conforms', 'unknown-parameter': 'deviates' },
  localmail: { noop: 'deviates', 'mail-first': 'deviates', 'lf-command': 'conforms' },
  'net-server-mail': { help: 'deviates', 'pipelining-dot': 'conforms', 'unknown-parameter': 'conforms' },
  haraka: { 'pipelining-dot': 'deviates', 'lf-text': 'conforms', size: 'deviates', starttls: 'conforms' },
  'smtp-tester': {
    'nested-mail': 'conforms',
    help: 'conforms',
    size: 'not offered',
    starttls: 'not offered',
  },
  'smtp-protocol': {
    noop: 'deviates',
    rset: 'unknown',
    'rcpt-first': 'deviates',
    'null-sender': 'deviates',
  },
  // One line too many: behind the refusal of a line of 2,000 octets it says that it closes the connection.
  'go-smtp': { replies: 'deviates', ehlo: 'deviates', 'nested-mail': 'deviates', chunking: 'conforms' },
  maddy: { 'ehlo-again': 'deviates', ehlo: 'deviates', size: 'conforms', smtputf8: 'conforms' },
  'mailin-embedded': { ehlo: 'deviates', pipelining: 'not offered', connections: 'unknown' },
  'smtp-server': { 'unknown-parameter': 'deviates', 'pipelining-dot': 'conforms', size: 'not offered' },
  'mhale-smtpd': { 'mail-first': 'deviates', 'unknown-parameter': 'conforms', '8bitmime': 'not offered' },
  'chrj-smtpd': { size: 'deviates', 'mail-first': 'deviates', 'pipelining-dot': 'conforms' },
  'go-guerrilla': { noop: 'deviates', 'rcpt-first': 'deviates', 'pipelining-dot': 'conforms' },
  // A bare LF in a text ends its session.
  sendmail: { 'mail-first': 'conforms', 'lf-text': 'unknown', chunking: 'not offered' },
  courier: { 'pipelining-dot': 'deviates', 'mail-first': 'deviates', smtputf8: 'conforms' },
  qpsmtpd: { 'nested-mail': 'deviates', pipelining: 'conforms', starttls: 'not offered' },
  'postfix-trixie': { 'mail-first': 'deviates', 'unknown-parameter': 'conforms', chunking: 'conforms' },
  'exim-trixie': { postmaster: 'deviates', connections: 'conforms', starttls: 'conforms' },
  'net-smtp-server': { ehlo: 'deviates', rset: 'unknown', replies: 'deviates' },
}

// Some at once: a probe mostly waits for what never comes; all would be out of time on a busy machine.
const AT_A_TIME = 6
const GROUPS = Array.from({ length: Math.ceil(WILD_SERVERS.length / AT_A_TIME) }, (_, index) =>
  WILD_SERVERS.slice(index * AT_A_TIME, (index + 1) * AT_A_TIME),
)

describe.each(GROUPS.map((servers) => ({ servers })))('group %#', ({ servers }) => {
  describe.concurrent.each(servers)('%s, probed', (server) => {
    const reason = missing(server)
    if (reason !== undefined) {
      it.skip(reason)
      return
    }

    it(
      'does what docs/servers.md says of it',
      async () => {
        using running = await startWildServer(server)
        const verdicts = await verdictsOf(running.address)
        expect(verdicts).toMatchObject({ ...ALL_TAKE, ...PARTICULAR[server] })
      },
      LIMIT_MS,
    )
  })
})

describe.concurrent('MailHog, probed', () => {
  const binary = process.env.MAILHOG_BIN
  if (binary === undefined) {
    it.skip('MAILHOG_BIN is not set: see test/mailhog/README.md')
    return
  }

  it(
    'has a greeting for its domain, and takes no bounces',
    async () => {
      await using hog = await bootMailhog(binary, {})
      const verdicts = await verdictsOf(`127.0.0.1:${hog.smtpPort}`)
      const particular = { ehlo: 'deviates', 'null-sender': 'deviates' }
      expect(verdicts).toMatchObject({ ...ALL_TAKE, ...particular })
    },
    LIMIT_MS,
  )
})

async function verdictsOf(address: string): Promise<Verdicts> {
  const [host = '', port = ''] = address.split(':')
  const { rows } = await probe({
    name: address,
    target: { host, port: Number(port) },
    stamp: '',
    context: {
      sender: 'sender@mailstorm.test',
      recipient: 'recipient@mailstorm.test',
      waitMs: 5_000,
      quietMs: 1_500,
      connections: 30,
      runId: `probe-${process.pid}`,
    },
  })
  return Object.fromEntries(rows.map(({ id, verdict }) => [id, verdict]))
}
