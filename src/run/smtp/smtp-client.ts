import { systemClock } from '../../engine/clock.ts'
import { MailstormError } from '../../error.ts'
import { mailAddress } from '../../options/address.ts'
import { type ServerAddress, serverList, targetAt, tlsOfServer } from '../../options/server-address.ts'
import type { Capabilities } from '../../smtp/capabilities.ts'
import type { SmtpFailure } from '../../smtp/failure.ts'
import { envelopeFor } from '../../smtp/mail/envelope.ts'
import { dotStuff } from '../../smtp/mail/message.ts'
import { checkHosts } from '../../smtp/preflight/preflight.ts'
import { replyText } from '../../smtp/reply.ts'
import { openSession, quit, type Session, sendOne } from '../../smtp/session.ts'
import type { Credentials, TlsMode } from '../../smtp/target.ts'
import { type FieldNames, type FieldsOf, unknownFields } from '../../text/nearest.ts'
import { CREDENTIAL_FIELDS } from '../spec/spec-check.ts'
import { loginOf } from './logins.ts'

/** Options of {@link SmtpClient.connect}. */
export interface SmtpClientOptions {
  /**
   * Encryption of the session: none, STARTTLS (RFC 3207), or TLS from the first octet (RFC 8314).
   *
   * @defaultValue what the URL of the target says, else `'none'`
   */
  readonly tls?: TlsMode
  /**
   * Whether the server's certificate must be valid.
   *
   * @defaultValue `true`
   */
  readonly tlsVerify?: boolean
  /** Credentials for AUTH after EHLO (RFC 4954); without them the client does not log in. */
  readonly auth?: Credentials
  /**
   * Longest wait for each reply, in milliseconds.
   *
   * @defaultValue `30_000`
   */
  readonly replyTimeoutMs?: number
  /**
   * Whether to connect to an address that is neither loopback nor private.
   *
   * @defaultValue `false`
   */
  readonly allowPublicTargets?: boolean
}

/** A message for {@link SmtpClient.send}. */
export interface OutgoingMessage {
  /** Envelope sender, as `name@domain`; an empty string is the null sender of bounces (RFC 5321 4.5.5). */
  readonly from: string
  /** Envelope recipients, as `name@domain`; at least one. */
  readonly to: readonly string[]
  /**
   * Header and body, without the final dot. In a string, lines may end in LF. Bytes are sent as they are, apart
   * from dot-stuffing (RFC 5321 4.5.2).
   */
  readonly message: string | Uint8Array
}

/** The server's answer to a message that it accepted. */
export interface AcceptedMessage {
  /** Reply code to the end of the data: 250. */
  readonly code: number
  /** Code and text of the final reply in one line, without control characters. */
  readonly text: string
  /** Replies to the recipients that were refused while the message was accepted for others, one line each. */
  readonly refused: readonly string[]
}

const TIMEOUT_MS = 30_000
const END_OF_DATA = Buffer.from('.\r\n')

/**
 * One SMTP session, with the same client that the load engine uses, for scripts and tests that send single
 * messages.
 *
 * @example
 * ```ts
 * import { SmtpClient } from 'mailstorm/engine'
 *
 * await using client = await SmtpClient.connect('127.0.0.1:25', { tls: 'starttls', tlsVerify: false })
 * const { text } = await client.send({
 *   from: 'sender@mailstorm.test',
 *   to: ['recipient@mailstorm.test'],
 *   message: 'Subject: hello\n\nOne message.\n',
 * })
 * console.log(text) // 250 2.0.0 Ok: queued as 4F2C1
 * ```
 */
export class SmtpClient implements AsyncDisposable {
  /** Extensions that the server offered in its reply to EHLO. */
  readonly capabilities: Readonly<Capabilities>
  readonly #session: Session
  readonly #replyTimeoutMs: number
  #isEnded = false

  private constructor(session: Session, replyTimeoutMs: number) {
    this.#session = session
    this.#replyTimeoutMs = replyTimeoutMs
    this.capabilities = session.capabilities
  }

  /**
   * Connects and sends EHLO; then encrypts and logs in, as `tls` and `auth` say.
   *
   * @param target - server to connect to, as `host:port` (IPv6 as `[::1]:25`), or as a URL: `smtps://host`,
   * `smtp+starttls://host`, `lmtp://host:port`, `lmtp+unix:/path`
   * @param options - encryption, login and time limits; each states its default
   * @throws {@link MailstormError} when the target is not `host:port`, is neither loopback nor private, or there is
   * no token for the login
   * @throws {@link SmtpFailure} when the connection fails or the server refuses the session
   */
  static async connect(target: string, options: SmtpClientOptions = {}): Promise<SmtpClient> {
    refuseUnknown('connect', options, CLIENT_FIELDS)
    const { tls, tlsVerify = true, auth, replyTimeoutMs = TIMEOUT_MS, allowPublicTargets = false } = options
    const place = {
      ...targetAt(placeOf(target, tls), { mode: tls, verify: tlsVerify }),
      ...(auth === undefined ? {} : { auth: await loginOf(auth) }),
    }
    const [checked] = await checkHosts({ targets: [place], allowPublicTargets })
    const session = await openSession({
      target: checked === undefined ? place : { ...place, addresses: checked.addresses },
      clock: systemClock,
      replyTimeoutMs,
      tlsSessions: new Map(),
    })
    return new SmtpClient(session, replyTimeoutMs)
  }

  /**
   * Sends one message and waits for the server's final reply.
   *
   * @param outgoing - envelope and content
   * @throws {@link MailstormError} when an address is not valid, or there is no recipient
   * @throws {@link SmtpFailure} with the reply and the phase, when the server defers or rejects the message or
   * ends the session. After a refusal the session can still be used.
   */
  async send(outgoing: OutgoingMessage): Promise<AcceptedMessage> {
    refuseUnknown('send', outgoing, MESSAGE_FIELDS)
    const { from, to, message } = outgoing
    checkAddresses(from, to)
    const octets = octetsOf(message)
    const { capabilities } = this.#session
    const envelope = envelopeFor(from, to, capabilities.size ? octets.length : undefined)
    const parts = [dotStuff(octets), END_OF_DATA]
    const { reply, refusals } = await sendOne(this.#session, envelope, parts)
    const refused = refusals.map(({ failure }: SmtpFailure) => failure.text)
    return { code: reply.code, text: replyText(reply), refused }
  }

  /** Sends QUIT and closes the connection, once. Never throws: every message has had its reply by then. */
  async quit(): Promise<void> {
    if (this.#isEnded) return
    this.#isEnded = true
    const { transport } = this.#session
    // A server that closes without answering QUIT has answered everything before it.
    if (transport.failure === undefined) await quit(transport, this.#replyTimeoutMs).catch(() => undefined)
    transport.destroy()
  }

  /** Calls {@link SmtpClient.quit}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.quit()
  }
}

const CLIENT_FIELDS = {
  tls: true,
  tlsVerify: true,
  auth: CREDENTIAL_FIELDS,
  replyTimeoutMs: true,
  allowPublicTargets: true,
} as const satisfies FieldsOf<SmtpClientOptions>
const MESSAGE_FIELDS = { from: true, to: true, message: true } as const satisfies FieldsOf<OutgoingMessage>

function refuseUnknown(what: string, given: object, known: FieldNames): void {
  const problems = unknownFields(given, known)
  if (problems.length === 0) return
  throw new MailstormError('BAD_OPTIONS', [`Failed to ${what}:`, ...problems].join('\n  '))
}

function placeOf(target: string, tls: TlsMode | undefined): ServerAddress {
  const [place, ...more] = serverList.schema.safeParse(target).data ?? []
  if (place === undefined || more.length > 0 || place.scheme === 'mx')
    throw new MailstormError(
      'BAD_TARGET',
      `Failed to connect to ${JSON.stringify(target.replace(/:\/\/.*@/s, '://***@'))}: it is not host:port.`,
      'Give it as 127.0.0.1:25, IPv6 as [::1]:25, or as a URL such as smtps://mail.example.test; a login goes into auth.',
    )
  const own = tlsOfServer(place)
  if (tls !== undefined && own !== undefined && tls !== own)
    throw new MailstormError(
      'TLS_MODE',
      `Failed to connect to ${target}: tls is ${tls}, and the target is ${own}.`,
      'Leave out tls, or give the target as host:port.',
    )
  return place
}

function checkAddresses(from: string, to: readonly string[]): void {
  const addresses = from === '' ? to : [from, ...to]
  const bad = addresses.find((address) => !mailAddress.schema.safeParse(address).success)
  if (bad !== undefined)
    throw new MailstormError(
      'BAD_ADDRESS',
      `Failed to send: ${JSON.stringify(bad)} is not a mail address.`,
      'Give it as name@domain.',
    )
  if (to.length === 0)
    throw new MailstormError(
      'BAD_ADDRESS',
      'Failed to send: there is no recipient.',
      "Give one: to: ['a@example.com'].",
    )
}

/** All lines end in CRLF, including the last one (RFC 5321 2.3.8). */
function octetsOf(message: string | Uint8Array): Buffer {
  if (typeof message !== 'string') {
    const octets = Buffer.from(message)
    return octets.subarray(-2).toString('latin1') === '\r\n'
      ? octets
      : Buffer.concat([octets, Buffer.from('\r\n')])
  }
  return Buffer.from(`${message.replaceAll(/\r\n|\r|\n/g, '\r\n').replace(/(\r\n)?$/, '')}\r\n`)
}
