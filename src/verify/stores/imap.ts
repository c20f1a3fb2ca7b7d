import { isIP } from 'node:net'
import type { ImapFlow } from 'imapflow'
import { inDialOrder } from '../../dial.ts'
import { connectionText, errorText, MailstormError } from '../../error.ts'
import { ID_HEADER } from '../../ledger/ledger.ts'
import { requirePackages } from '../../packages.ts'
import { safeAddressesOf, systemLookup } from '../../smtp/preflight/address.ts'
import { readCsv } from '../../text/csv.ts'
import { foreignText } from '../../text/foreign-text.ts'
import { secretMaskFor } from '../../text/secret-mask.ts'
import { tlsErrorText } from '../../tls-error.ts'
import type { Arrival, Store, StoreContext } from '../store.ts'
import { arrivalsOf } from '../stored-message.ts'
import { type ImapMailbox, type ImapPlace, MOST_MAILBOXES } from './imap-url.ts'

/** Mailboxes that are read at a time. */
const MAILBOXES_AT_ONCE = 8
/** Beyond so many mailboxes no connection is kept between looks: servers limit them. */
const MOST_KEPT_CONNECTIONS = 50
const CONNECT_WITHIN_MS = 10_000
const ANSWER_WITHIN_MS = 60_000
/** Messages that are asked for in one command. */
const MESSAGES_AT_ONCE = 200
/** INTERNALDATE has whole seconds (RFC 9051 9, date-time). */
const TIME_RESOLUTION_MS = 1_000

/** One mailbox, and how far it has been read. */
class Mailbox {
  readonly login: ImapMailbox
  client: ImapFlow | undefined
  uidValidity: bigint | undefined
  /** Of the newest message that was seen. */
  lastUid = 0

  constructor(login: ImapMailbox) {
    this.login = login
  }
}

/** Mailboxes that are read by IMAP. Nothing is marked as seen. */
export class ImapStore implements Store {
  readonly name: string
  readonly timeResolutionMs = TIME_RESOLUTION_MS
  readonly #place: ImapPlace
  readonly #at: string
  readonly #context: StoreContext
  readonly #mailboxes: readonly Mailbox[]
  /** Where messages are whose body is not as it was sent. */
  readonly #damaged = new Map<string, { readonly mailbox: Mailbox; readonly uid: number }>()
  #addresses: readonly string[] = []

  constructor(place: ImapPlace, context: StoreContext) {
    const { scheme, host, port, accounts } = place
    const mailboxes = accounts === undefined ? place.mailboxes : mailboxesIn(accounts)
    this.#place = place
    this.#context = context
    this.#mailboxes = mailboxes.map((mailbox) => new Mailbox(mailbox))
    this.#at = `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`
    const [first] = mailboxes
    this.name =
      mailboxes.length === 1
        ? `the mailbox of ${first?.user} at ${this.#at}`
        : `${mailboxes.length} mailboxes at ${this.#at}`
  }

  async check(): Promise<void> {
    requirePackages('read mailboxes by IMAP', ['imapflow'])
    const { host } = this.#place
    const fence = {
      allowPublic: this.#context.allowPublicTargets,
      lookup: systemLookup,
      variable: 'STRESS_VERIFY',
    }
    const found = await safeAddressesOf({ host, ...fence })
    this.#addresses = inDialOrder(found.map(({ address }) => address))
    for (let start = 0; start < this.#mailboxes.length; start += MAILBOXES_AT_ONCE) {
      const some = this.#mailboxes.slice(start, start + MAILBOXES_AT_ONCE)
      await Promise.all(some.map((mailbox) => this.#on(mailbox, undefined, () => this.#begin(mailbox))))
    }
  }

  /** What is there now is none of the run's. */
  async #begin(mailbox: Mailbox): Promise<void> {
    const { mailbox: opened } = await this.#open(mailbox)
    if (opened === false) return
    mailbox.uidValidity = opened.uidValidity
    mailbox.lastUid = opened.uidNext - 1
    if (this.#mailboxes.length > MOST_KEPT_CONNECTIONS) this.#close(mailbox)
  }

  async *arrivals(runId: string, signal: AbortSignal): AsyncGenerator<Arrival> {
    for (let start = 0; start < this.#mailboxes.length; start += MAILBOXES_AT_ONCE) {
      signal.throwIfAborted()
      const some = this.#mailboxes.slice(start, start + MAILBOXES_AT_ONCE)
      const news = await Promise.all(
        some.map((mailbox) => this.#on(mailbox, signal, () => this.#newIn(mailbox, runId))),
      )
      for (const [index, mailbox] of some.entries()) {
        const { uids = [], last = 0 } = news[index] ?? {}
        for (let from = 0; from < uids.length; from += MESSAGES_AT_ONCE) {
          signal.throwIfAborted()
          const set = uids.slice(from, from + MESSAGES_AT_ONCE)
          yield* await this.#on(mailbox, signal, () => this.#read(set, mailbox, runId))
        }
        mailbox.lastUid = Math.max(mailbox.lastUid, last)
        if (this.#mailboxes.length > MOST_KEPT_CONNECTIONS) this.#close(mailbox)
      }
    }
  }

  limits(): undefined {
    return undefined
  }

  async raw(id: string): Promise<Buffer | undefined> {
    const place = this.#damaged.get(id)
    if (place === undefined) return undefined
    const { mailbox, uid } = place
    const message = await this.#on(mailbox, undefined, async () => {
      const client = await this.#open(mailbox)
      return client.fetchOne(String(uid), { uid: true, source: true }, { uid: true })
    })
    return message === false ? undefined : message.source
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const mailbox of this.#mailboxes) this.#close(mailbox)
  }

  /** The headers of what has come tell what is the run's: only that is read whole. */
  async #newIn(mailbox: Mailbox, runId: string): Promise<{ uids: number[]; last: number }> {
    const client = await this.#open(mailbox)
    // What has come is announced behind a command (RFC 9051 7).
    await client.noop()
    const uids: number[] = []
    let last = mailbox.lastUid
    const wanted = { uid: true, headers: [ID_HEADER, 'Content-Type'] }
    for await (const { uid, headers } of client.fetch(`${mailbox.lastUid + 1}:*`, wanted, { uid: true })) {
      // `*` is the last message, even when it was read before (RFC 9051 9, seq-range).
      if (uid <= mailbox.lastUid) continue
      last = Math.max(last, uid)
      const text = headers?.toString('latin1') ?? ''
      if (text.includes(`${runId}-`) || /multipart\/report/i.test(text)) uids.push(uid)
    }
    return { uids: uids.toSorted((a, b) => a - b), last }
  }

  async #read(uids: readonly number[], mailbox: Mailbox, runId: string): Promise<Arrival[]> {
    const client = await this.#open(mailbox)
    const found: Arrival[] = []
    const wanted = { uid: true, internalDate: true, source: true }
    for await (const { uid, source, internalDate } of client.fetch(uids.join(','), wanted, { uid: true })) {
      if (source === undefined) continue
      const arrivedAtMs = internalDate === undefined ? undefined : new Date(internalDate).getTime()
      const recipient = mailbox.login.owner
      for (const arrival of await arrivalsOf({ octets: source, recipient, arrivedAtMs }, runId)) {
        if (arrival.body === 'damaged') this.#damaged.set(arrival.id, { mailbox, uid })
        found.push(arrival)
      }
    }
    mailbox.lastUid = Math.max(mailbox.lastUid, uids.at(-1) ?? 0)
    return found
  }

  /** Errors of the library become one sentence; the connection is then made anew. */
  async #on<T>(mailbox: Mailbox, signal: AbortSignal | undefined, action: () => Promise<T>): Promise<T> {
    try {
      return await action()
    } catch (error) {
      this.#close(mailbox)
      signal?.throwIfAborted()
      throw error instanceof MailstormError ? error : this.#failure(mailbox, error as ImapFlowError)
    }
  }

  async #open(mailbox: Mailbox): Promise<ImapFlow> {
    if (mailbox.client?.usable === true) return mailbox.client
    this.#close(mailbox)
    const client = await this.#connect(mailbox)
    mailbox.client = client
    const { uidValidity } = await client.mailboxOpen(mailbox.login.folder, { readOnly: true })
    if (mailbox.uidValidity !== undefined && mailbox.uidValidity !== uidValidity)
      throw this.#failure(
        mailbox,
        new Error('it was created anew during the run (its UIDVALIDITY is another one)'),
      )
    return client
  }

  async #connect({ login: { user, pass } }: Mailbox): Promise<ImapFlow> {
    const { scheme, host, port, tls } = this.#place
    // Loaded only when mail is read by IMAP.
    const { ImapFlow } = await import('imapflow')
    let failure: unknown
    for (const address of this.#addresses) {
      const client = new ImapFlow({
        host: address,
        port,
        secure: scheme === 'imaps',
        ...(tls === 'none' ? { doSTARTTLS: false } : {}),
        tls: { rejectUnauthorized: tls === 'verified' },
        // RFC 6066 3: a literal address is no server name.
        ...(isIP(host) === 0 ? { servername: host } : {}),
        auth: { user, pass },
        connectionTimeout: CONNECT_WITHIN_MS,
        greetingTimeout: CONNECT_WITHIN_MS,
        socketTimeout: ANSWER_WITHIN_MS,
        disableAutoIdle: true,
        disableCompression: true,
        logger: false,
      })
      // Unhandled, it would end this process; the command that it interrupts fails too.
      client.on('error', () => undefined)
      try {
        await client.connect()
        return client
      } catch (error) {
        client.close()
        failure = error
        if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') break
      }
    }
    throw failure
  }

  #close(mailbox: Mailbox): void {
    mailbox.client?.close()
    mailbox.client = undefined
  }

  #failure({ login: { user, pass, folder } }: Mailbox, error: ImapFlowError): MailstormError {
    const mask = secretMaskFor({ user, pass })
    const [why, hint] = reasonOf(error, this.#place, folder)
    const what = `the mailbox of ${foreignText(user, 100)} at ${this.#at}`
    return new MailstormError('VERIFY_STORE', mask(`Failed to read ${what}: ${why}.`), hint)
  }
}

/** What imapflow adds to its errors. */
type ImapFlowError = Error & {
  readonly code?: string
  readonly authenticationFailed?: boolean
  readonly mailboxMissing?: boolean
  readonly serverResponseCode?: string
  readonly responseText?: string
  readonly responseStatus?: string
}

/** Codes of OpenSSL for a certificate that is not accepted (X509_V_ERR_…, as Node has them), and Node's own. */
const CERTIFICATE = /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_CA|ERR_TLS_CERT_)/

/** Why, and what to do. */
function reasonOf(
  error: ImapFlowError,
  { scheme, host }: ImapPlace,
  folder: string,
): readonly [string, string] {
  const { code = '', responseText } = error
  const said = responseText === undefined || responseText === '' ? '' : ` (${foreignText(responseText, 120)})`
  if (error.authenticationFailed === true)
    return [
      `the server refuses user or password${said}`,
      'Correct them in STRESS_VERIFY; there, special characters are percent-encoded, as %40 for @.',
    ]
  if (CERTIFICATE.test(code))
    return [
      `its certificate for ${host} is not accepted: ${tlsErrorText(error)}`,
      'Trust it by NODE_EXTRA_CA_CERTS=/path/to/ca.pem and name the server as it does, or put ?tls=unverified behind the address.',
    ]
  if (error.mailboxMissing === true || /^(NONEXISTENT|TRYCREATE)$/.test(error.serverResponseCode ?? ''))
    return [
      `it has no folder ${foreignText(folder, 100)}${said}`,
      'Name another one behind the host, or none for INBOX.',
    ]
  if (/^(GREETING_TIMEOUT|CONNECT_TIMEOUT|ETIMEOUT)$/.test(code) || /greeting/i.test(error.message))
    return [
      `what answers there does not greet as an IMAP server (${foreignText(errorText(error), 120)})`,
      scheme === 'imap'
        ? 'Give the port of IMAP; over TLS from the first octet it is imaps://.'
        : 'Give the port of IMAP over TLS; without TLS at first it is imap://.',
    ]
  if (/ssl|tls/i.test(`${code} ${error.message}`))
    return [tlsErrorText(error), 'Give the port of IMAP over TLS; without TLS at first it is imap://.']
  return [
    `${foreignText(connectionText(error), 120)}${said}`,
    'Start the server, or correct STRESS_VERIFY: imap://user:password@host:port',
  ]
}

/** The mailboxes of users who have nothing in common: a line for each, with user, pass, and perhaps folder and address. */
function mailboxesIn(path: string): readonly ImapMailbox[] {
  const { rows } = readCsv(path, { what: 'the mailboxes of STRESS_VERIFY', columns: ['user', 'pass'] })
  const incomplete = rows.findIndex(({ user, pass }) => user === '' || pass === '')
  if (incomplete !== -1 || rows.length > MOST_MAILBOXES)
    throw new MailstormError(
      'BAD_ACCOUNTS',
      `Failed to read the mailboxes in ${path}: ${incomplete === -1 ? `there are ${rows.length}, and at most ${MOST_MAILBOXES} are read` : `account ${incomplete + 1} has no user or no pass`}.`,
    )
  return rows.map(({ user = '', pass = '', folder = '', address = '' }) => ({
    user,
    pass,
    folder: folder === '' ? 'INBOX' : folder,
    owner: address === '' ? user : address,
  }))
}
