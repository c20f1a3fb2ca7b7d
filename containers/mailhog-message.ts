/** A message in the JSON of MailHog's API. */
export interface MailhogMessage {
  readonly ID: string
  readonly From: MailhogPath
  readonly To: readonly MailhogPath[] | null
  readonly Content: MailhogContent
  readonly Created: string
  readonly MIME: MailhogMime | null
  /** `Data` lacks the final CRLF; `To` is the envelope, Bcc included. */
  readonly Raw: {
    readonly From: string
    readonly To: readonly string[] | null
    readonly Data: string
    readonly Helo: string
  }
}

export interface MailhogPath {
  readonly Relays: readonly string[] | null
  readonly Mailbox: string
  readonly Domain: string
  readonly Params: string
}

export interface MailhogContent {
  readonly Headers: Readonly<Record<string, readonly string[]>>
  readonly Body: string
  readonly Size: number
  readonly MIME: MailhogMime | null
}

export interface MailhogMime {
  readonly Parts: readonly MailhogContent[] | null
}

export interface MailhogPage {
  readonly total: number
  readonly count: number
  readonly start: number
  readonly items: readonly MailhogMessage[]
}
