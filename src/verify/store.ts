/** What became of a message's body on its way. `reencoded`: another transfer encoding of the same octets (RFC 6152). */
export type BodyState = 'intact' | 'reencoded' | 'damaged' | 'unknown'

/** One copy of a message of ours, found behind the server; or a report that a message was not delivered. */
export interface Arrival {
  /** The message's id, as its X-Mailstorm-Id has it. */
  readonly id: string
  /** Envelope recipient, or the owner of the mailbox; undefined where the store knows neither. A bare user has no `@`. */
  readonly recipient?: string | undefined
  /** Milliseconds since 1970. */
  readonly arrivedAtMs?: number | undefined
  readonly body: BodyState
  /** Set when this is a report of a delivery that failed (RFC 3464); all else is then of the message it is about. */
  readonly bounce?: ArrivalBounce | undefined
}

export interface ArrivalBounce {
  /** RFC 3463, such as 5.1.1; undefined when the report has none. */
  readonly status: string | undefined
  readonly recipient: string
  /** What the server said, cleaned and cut. */
  readonly text: string
}

/**
 * How the place where the mail ends up treats the relay before it: it takes each message (`takes`), takes it some time
 * after its end, puts each recipient off by a reply of 4yz, or is not there (`away`).
 */
export type NextHop =
  | 'takes'
  | 'away'
  | {
      /** Milliseconds from the end of a message to its reply, up to 600,000. */
      readonly slowMs: number
    }
  | {
      /** Code of the reply to each recipient, from 400 to 499. */
      readonly refusesWith: number
    }

/** From when on a next hop behaves as it was told. */
export interface HopChange {
  /** In milliseconds since 1970. */
  readonly atEpochMs: number
  /** Messages that it had taken by then, whosoever they were. */
  readonly taken: number
}

/** Where the mail of a run ends up. `store.contract.ts` says what each must do. */
export interface Store extends AsyncDisposable {
  /** As people know it: `the sink at 127.0.0.1:2525`, `the maildirs /var/mail/{user}`. */
  readonly name: string
  /** How exact its times are; undefined when it has none. */
  readonly timeResolutionMs: number | undefined
  /** Before the load: remembers what is already there. Throws MailstormError when the store cannot be read. */
  check(): Promise<void>
  /**
   * The messages of a run that have come since the last call, each once and in any order. Mail of others is skipped.
   * Throws MailstormError when the store cannot be read any more.
   */
  arrivals(runId: string, signal: AbortSignal): AsyncIterable<Arrival>
  /**
   * Called again and again while the load runs, where a store can drop mail without telling later that it did: a cheap
   * look by which `limits` finds out.
   */
  glance?(signal: AbortSignal): Promise<void>
  /** Why it may no longer have everything, as `keeps 500 messages`; undefined when it has. */
  limits(): string | undefined
  /**
   * Only of a store that is the next hop of the server: how it treats it from now on. Throws MailstormError when it could
   * not.
   */
  behave?(behaviour: NextHop): Promise<HopChange>
  /** The message as it arrived, for a look at its damage; undefined when it is gone. */
  raw?(id: string): Promise<Buffer | undefined>
}

/** What a store is opened with. */
export interface StoreContext {
  /** Whether it may be at an address that is neither loopback nor private. */
  readonly allowPublicTargets: boolean
  /** Every address that the run sends to, for a store that cannot list its mailboxes. */
  readonly recipients?: (() => readonly string[]) | undefined
  /** Tells the user something before the run. */
  readonly note: (line: string) => void
}
