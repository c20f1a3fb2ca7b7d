/** What a scripted server does at one point of the dialogue: values, so that they cross to a thread. */
export type Step =
  /** One reply as it stands here, CRLF added. */
  | { readonly do: 'say'; readonly text: string }
  /** These octets and no more: half a reply, a bare LF, several replies at once. */
  | { readonly do: 'raw'; readonly octets: string }
  /** These octets, each in a segment of its own. */
  | { readonly do: 'drip'; readonly octets: string }
  | { readonly do: 'wait'; readonly ms: number }
  /** From here on nothing is read. */
  | { readonly do: 'deafen' }
  /** FIN, RST, or nothing ever again. */
  | { readonly do: 'close' }
  | { readonly do: 'reset' }
  | { readonly do: 'hang' }

export type Steps = readonly Step[]

export const say = (...lines: string[]): Step => ({ do: 'say', text: lines.join('\r\n') })
export const raw = (octets: string): Step => ({ do: 'raw', octets })
export const drip = (octets: string): Step => ({ do: 'drip', octets })
export const wait = (ms: number): Step => ({ do: 'wait', ms })
export const deafen: Step = { do: 'deafen' }
export const close: Step = { do: 'close' }
export const reset: Step = { do: 'reset' }
export const hang: Step = { do: 'hang' }

export const STAGES = [
  'greeting',
  'ehlo',
  'helo',
  'starttls',
  'auth',
  'mail',
  'rcpt',
  'data',
  'dot',
  'bdat',
  'rset',
  'quit',
] as const
export type Stage = (typeof STAGES)[number]

/** Always the same steps; or other ones the first times, counted over all sessions, then the default. */
export type Behaviour = Steps | { readonly first: readonly Steps[] }

export interface Script extends Readonly<Partial<Record<Stage, Behaviour>>> {
  /** Once this many octets of a message have come; no reply to its final dot then. */
  readonly body?: { readonly afterBytes: number; readonly steps: Steps }
  /** How `endIdle` of the server ends its sessions, instead of a plain close. */
  readonly idleSteps?: Steps
  /** No reply goes out for `forMs`, beginning `atMs` after the first MAIL. What is due then goes out at its end. */
  readonly stall?: { readonly atMs: number; readonly forMs: number }
  /** Speaks LMTP (RFC 2033): LHLO is its hello, and the steps for the message are done for each recipient. */
  readonly lmtp?: true
  /** Server certificate: STARTTLS can be taken, or with `implicit` TLS begins at once. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly implicit?: boolean }
}

/** EHLO of a server that takes chunks (RFC 3030). */
export const OFFERS_CHUNKING = [say('250-scripted', '250-PIPELINING', '250-CHUNKING', '250 SIZE 10485760')]

/** Replies of a server that takes everything. */
export const DEFAULT_STEPS: Readonly<Record<Stage, Steps>> = {
  greeting: [say('220 scripted ESMTP')],
  ehlo: [say('250-scripted', '250-PIPELINING', '250-SIZE 10485760', '250 ENHANCEDSTATUSCODES')],
  helo: [say('250 scripted')],
  starttls: [say('220 2.0.0 go ahead')],
  auth: [say('235 2.7.0 welcome')],
  mail: [say('250 2.1.0 ok')],
  rcpt: [say('250 2.1.5 ok')],
  data: [say('354 go ahead')],
  dot: [say('250 2.0.0 taken')],
  bdat: [say('250 2.0.0 taken')],
  rset: [say('250 2.0.0 ok')],
  quit: [say('221 2.0.0 bye')],
}
