import type { FetchMessageObject, ImapFlow } from 'imapflow'
import { type BounceReport, readBounceReport } from '../../../delivery-report.ts'
import { errorText } from '../../../error.ts'
import { IDENTITY_HEADER, messageIdOf } from '../dispatch/compose.ts'
import type { Log } from '../log.ts'
import { Loop } from '../loop.ts'
import type { Metrics } from '../metrics.ts'
import type { ProxyConfig } from '../options.ts'
import {
  type BounceTurn,
  type Candidate,
  endBounceTurn,
  extendBounceTurn,
  messagesWithId,
  recordBounces,
  takeBounceTurn,
} from '../store/bounces.ts'
import type { Database } from '../store/database.ts'

export interface BounceLoopParts {
  readonly db: Database
  readonly config: Pick<ProxyConfig, 'connectTimeoutMs' | 'sendTimeoutMs' | 'smtpTlsVerify'>
  readonly log: Log
  readonly metrics: Metrics
}

/** How often to check whether the mailbox is configured and due. */
const INTERVAL_MS = 1_000
/** A turn that was not renewed for this long belongs to a killed process. */
const LEASE_MS = 60_000
const IMAPS_PORT = 993
/** Bytes read of a mail: the report and the header of the original are at its beginning. */
const MOST_READ = 1024 ** 2
/** Mails read per turn. */
const MOST_MAILS = 1_000

/**
 * Reads the bounce mailbox configured by PUT /instance (IMAP4, RFC 9051), and reports bounces to the tenants of
 * the messages. Read-only: mails stay as they are, and unread.
 */
export class BounceLoop {
  readonly #parts: BounceLoopParts
  readonly #loop: Loop
  #client: ImapFlow | undefined

  constructor(parts: BounceLoopParts) {
    this.#parts = parts
    this.#loop = new Loop({
      name: 'bounces',
      intervalMs: INTERVAL_MS,
      cycle: () => this.#cycle(),
      log: parts.log,
    })
  }

  start(): void {
    this.#loop.wake()
  }

  /** Cuts off the current turn; its mails are read again. */
  async stop(): Promise<void> {
    const stopped = this.#loop.stop()
    this.#client?.close()
    await stopped
  }

  async #cycle(): Promise<void> {
    const { db } = this.#parts
    const turn = await takeBounceTurn(db, LEASE_MS)
    if (turn === undefined) return
    try {
      await this.#read(turn)
    } finally {
      this.#client?.close()
      this.#client = undefined
      await endBounceTurn(db)
    }
  }

  async #read(turn: BounceTurn): Promise<void> {
    const { db } = this.#parts
    const client = await this.#connect(turn)
    const folder = turn.settings.bounce_imap_folder ?? 'INBOX'
    const lock = await client.getMailboxLock(folder, { readOnly: true })
    try {
      const uidValidity = String(client.mailbox === false ? '' : client.mailbox.uidValidity)
      const lastUid = uidValidity === turn.uidValidity ? turn.lastUid : 0
      const query = { uid: true, source: { maxLength: MOST_READ } }
      const wanted = `${lastUid + 1}:*`
      const mails = await client.fetchAll(wanted, { uid: true }, { uid: true })
      // `*` is the last mail, even when it was read before (RFC 9051 9, seq-range).
      const uids = mails.map(({ uid }) => uid).filter((uid) => uid > lastUid)
      for (const uid of uids.toSorted((a, b) => a - b).slice(0, MOST_MAILS)) {
        const mail = await client.fetchOne(String(uid), query, { uid: true })
        await this.#digest(mail === false ? undefined : mail, { uid, uidValidity })
        await extendBounceTurn(db, LEASE_MS)
      }
    } finally {
      lock.release()
    }
  }

  async #connect({ settings }: BounceTurn): Promise<ImapFlow> {
    const { config, log } = this.#parts
    // Loaded only when bounces are read.
    const { ImapFlow } = await import('imapflow')
    const client = new ImapFlow({
      host: settings.bounce_imap_host ?? '',
      port: settings.bounce_imap_port ?? IMAPS_PORT,
      secure: settings.bounce_imap_ssl ?? true,
      auth: { user: settings.bounce_imap_user ?? '', pass: settings.bounce_imap_password ?? '' },
      tls: { rejectUnauthorized: config.smtpTlsVerify },
      connectionTimeout: config.connectTimeoutMs,
      greetingTimeout: config.connectTimeoutMs,
      socketTimeout: config.sendTimeoutMs,
      disableAutoIdle: true,
      logger: false,
    })
    // Unhandled, it would end this process; the command that it interrupts fails too.
    client.on('error', (error: Error) =>
      log.warning('the connection to the bounce mailbox was lost', { error: errorText(error) }),
    )
    this.#client = client
    await client.connect()
    return client
  }

  async #digest(
    mail: FetchMessageObject | undefined,
    place: { readonly uid: number; readonly uidValidity: string },
  ): Promise<void> {
    const { db, metrics, log } = this.#parts
    const report = await this.#reportOf(mail)
    if (report === undefined) {
      await recordBounces(db, place)
      return
    }
    const message =
      report.id === undefined ? undefined : matching(await messagesWithId(db, report.id), report)
    if (message === undefined) {
      log.warning('a bounce for an unknown message', { uid: place.uid, id: report.id })
      metrics.bounced('unknown', report.bounces.length)
      await recordBounces(db, place)
      return
    }
    const bounces = report.bounces.map(({ action: _, ...bounce }) => bounce)
    const news = await recordBounces(db, place, { message, bounces })
    if (news > 0) for (const { type } of bounces) metrics.bounced(type, 1)
  }

  /** Unreadable mail is not a report: one odd message must not block the mailbox. */
  async #reportOf(mail: FetchMessageObject | undefined): Promise<BounceReport | undefined> {
    if (mail?.source === undefined) return undefined
    try {
      return await readBounceReport(mail.source, IDENTITY_HEADER)
    } catch (error) {
      this.#parts.log.warning('a mail in the bounce mailbox could not be read', {
        uid: mail.uid,
        error: errorText(error),
      })
      return undefined
    }
  }
}

/**
 * The returned message. Ids are unique only per tenant, so the Message-ID decides, which names the tenant too.
 */
function matching(candidates: readonly Candidate[], { messageId }: BounceReport): Candidate | undefined {
  return candidates.find(
    ({ tenantId, id, mail }) =>
      (mail.messageId ?? messageIdOf(tenantId, id, mail.from.address)) === messageId,
  )
}
