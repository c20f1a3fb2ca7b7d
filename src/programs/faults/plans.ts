import type { DialTarget } from '../../dial.ts'
import { MailstormError } from '../../error.ts'
import { type FieldsOf, unknownFields } from '../../text/nearest.ts'

/** Points of the dialogue at which a fault server can misbehave; `dot` is the reply to the final dot, or to BDAT LAST. */
export const STAGES = ['greeting', 'ehlo', 'mail', 'rcpt', 'data', 'dot'] as const
/** Point of the dialogue at which a fault server misbehaves. */
export type Stage = (typeof STAGES)[number]

/** Refuses what exceeds a rate. */
export interface RatePlan {
  /** Messages accepted per second. */
  readonly perSecond: number
  /** Most that may come at once after a pause. Default: a tenth of a second's worth, at least 1. */
  readonly burst?: number
  /** Where it refuses. Default: `mail`. */
  readonly stage?: Stage
  /** Reply code of the refusal. Default: 451. */
  readonly code?: 421 | 451
}

/** Refuses unknown clients for a while (RFC 6647). */
export interface GreylistPlan {
  /** Where it refuses. */
  readonly stage: Stage
  /** How long a client is refused after it was first seen, in ms (RFC 6647 4.2). */
  readonly forMs: number
}

export interface RefusalPlan {
  readonly stage: Stage
  /** Of the replies at that stage, over all sessions: each so-many-th one refuses. */
  readonly every: number
  readonly code: 421 | 450 | 451 | 550 | 552 | 554
}

/** A server that offers CHUNKING (RFC 3030). */
export interface ChunkPlan {
  /** False: it takes the chunk of a refused envelope for commands. Default: true, as RFC 3030 2 has it. */
  readonly swallows?: boolean
  /** After each so-many-th message by BDAT it has the message, and says nothing more in that session. */
  readonly stallEvery?: number
}

/**
 * What a fault server does. Default: accepts everything at once. Plain data, so that it can be posted to a
 * thread.
 */
export interface FaultServerPlan {
  /** Refuses what exceeds a rate. */
  readonly rate?: RatePlan
  /** Refuses unknown clients for a while. */
  readonly greylist?: GreylistPlan
  /** Refuses every nth command or message at one stage. */
  readonly refuse?: RefusalPlan
  /** Offers CHUNKING, and what is wrong with it. Default: not offered. */
  readonly chunking?: ChunkPlan
  /** Delay of the reply at each stage, in milliseconds. */
  readonly tarpit?: Readonly<Partial<Record<Stage, number>>>
  /** Port to listen on. Default: any free one. */
  readonly port?: number
}

/** A plan in words, as used in the titles of results. */
export function describeServerPlan(plan: FaultServerPlan): string {
  const { rate, greylist, refuse, chunking, tarpit = {} } = plan
  const parts = Object.entries(tarpit).map(([stage, ms]) => `${ms} ms before the reply to ${stage}`)
  if (rate !== undefined) parts.unshift(`${rate.perSecond} messages a second, ${rate.code ?? 451} beyond`)
  if (refuse !== undefined) parts.push(`${refuse.code} to every ${ordinal(refuse.every)} ${refuse.stage}`)
  if (chunking?.swallows === false) parts.push('takes the chunks of refused envelopes for commands')
  if (chunking?.stallEvery !== undefined)
    parts.push(`silent after every ${ordinal(chunking.stallEvery)} message by BDAT`)
  if (greylist !== undefined) parts.unshift(`greylisting at ${greylist.stage} for ${greylist.forMs / 1000} s`)
  return parts.length === 0 ? 'no fault' : parts.join(', ')
}

/** 3rd, 10th. */
function ordinal(number: number): string {
  const suffixes: Readonly<Record<string, string>> = { one: 'st', two: 'nd', few: 'rd' }
  return `${number}${suffixes[new Intl.PluralRules('en', { type: 'ordinal' }).select(number)] ?? 'th'}`
}

/** Throws one error that lists every bad value. */
export function checkServerPlan(plan: FaultServerPlan): void {
  const { rate, greylist, refuse, chunking, tarpit = {} } = plan
  const positive = { 'rate.perSecond': rate?.perSecond, 'greylist.forMs': greylist?.forMs }
  const problems = Object.entries(positive)
    .filter(([, value]) => value !== undefined && !(value > 0 && value < 1e9))
    .map(([name, value]) => `${name} is ${value}; allowed is a number above 0 and below 1e9`)
  if (rate?.burst !== undefined && !(rate.burst >= 1)) {
    problems.push(`rate.burst is ${rate.burst}; allowed is a number from 1`)
  }
  const counts = { 'refuse.every': refuse?.every, 'chunking.stallEvery': chunking?.stallEvery }
  for (const [name, value] of Object.entries(counts)) {
    if (value !== undefined && !(Number.isInteger(value) && value >= 1))
      problems.push(`${name} is ${value}; allowed is a whole number from 1`)
  }
  if (rate?.stage === 'greeting' && rate.code !== 421) {
    // RFC 5321 4.3.2: only 421 or 554 may refuse a connection.
    problems.push(`rate.code is ${rate.code ?? 451} at the greeting; allowed there is 421`)
  }
  for (const [stage, ms] of Object.entries(tarpit)) {
    if (!(ms >= 0 && ms < 1e9)) problems.push(`tarpit.${stage} is ${ms}; allowed is 0 to 1e9 milliseconds`)
  }
  if (problems.length > 0) {
    throw new MailstormError('BAD_FAULTS', `Failed to start a fault server: ${problems.join('; ')}.`)
  }
}

export const CUT_KINDS = ['close', 'reset', 'half-open', 'stall'] as const
/** How a connection is cut: FIN, RST, FIN in one direction only, or nothing more is passed on. */
export type CutKind = (typeof CUT_KINDS)[number]

/**
 * Where to cut: after a number of octets, or before the first occurrence of a text (with `behind`, the first one after
 * that other text). Everything before the place is passed on, and nothing from there on.
 */
export type Place = { readonly bytes: number } | { readonly text: string; readonly behind?: string }

/** Where and how to cut a connection. */
export interface CutPlan {
  /** Where. */
  readonly after: Place
  /** How. */
  readonly by: CutKind
}

/** What happens to the octets in one direction of a connection. */
export interface LanePlan {
  /** Delay of each octet, in milliseconds. */
  readonly delayMs?: number
  /** Random extra delay, from 0 to this many milliseconds; octets stay in order. */
  readonly jitterMs?: number
  /** Bandwidth of each connection, in bytes per second. */
  readonly bytesPerSecond?: number
  /** Cuts connections at a place in their text. */
  readonly cut?: CutPlan
}

/** What a fault proxy does. Default: nothing. Plain data, so that it can be posted to a thread. */
export interface FaultProxyPlan {
  /** The server behind the proxy. */
  readonly target: DialTarget
  /** What happens on the way to the server. */
  readonly toServer?: LanePlan
  /** What happens on the way to the client. */
  readonly toClient?: LanePlan
  /** Share of the connections to cut, from 0 to 1. Default: 1. */
  readonly share?: number
  /** The same seed cuts the same connections, counted in order of arrival. Default: 1. */
  readonly seed?: number
}

type Faults = Omit<FaultProxyPlan, 'target'>

/** A plan in words, as used in the titles of results. */
export function describeProxyPlan({ toServer = {}, toClient = {}, share = 1 }: Faults): string {
  const parts = [...laneInWords(toServer, 'server'), ...laneInWords(toClient, 'client')]
  const cuts = toServer.cut !== undefined || toClient.cut !== undefined
  if (cuts && share < 1) parts.push(`cuts on ${Math.round(share * 100)} % of the connections`)
  return parts.length === 0 ? 'no fault' : parts.join(', ')
}

function laneInWords({ delayMs, jitterMs, bytesPerSecond, cut }: LanePlan, to: string): string[] {
  const parts: string[] = []
  if (delayMs !== undefined) parts.push(`${delayMs} ms later to the ${to}`)
  if (jitterMs !== undefined) parts.push(`up to ${jitterMs} ms of jitter to the ${to}`)
  if (bytesPerSecond !== undefined) parts.push(`${counted(bytesPerSecond)} octets a second to the ${to}`)
  if (cut !== undefined) {
    const { after } = cut
    parts.push(`${cut.by} ${placeInWords(after)} to the ${to}`)
  }
  return parts
}

function placeInWords(after: Place): string {
  if ('bytes' in after) return `after ${counted(after.bytes)} octets`
  const behind = after.behind === undefined ? '' : ` behind ${JSON.stringify(after.behind)}`
  return `before ${JSON.stringify(after.text)}${behind}`
}

function counted(octets: number): string {
  return octets.toLocaleString('en')
}

/** Throws one error that lists every bad value. */
export function checkProxyPlan({ toServer = {}, toClient = {}, share = 1 }: Faults): void {
  const problems = [...laneProblems(toServer, 'toServer'), ...laneProblems(toClient, 'toClient')]
  if (!(share >= 0 && share <= 1)) problems.push(`share is ${share}; allowed is 0 to 1`)
  if (problems.length > 0) {
    throw new MailstormError('BAD_FAULTS', `Failed to start a fault proxy: ${problems.join('; ')}.`)
  }
}

function laneProblems(
  { delayMs = 0, jitterMs = 0, bytesPerSecond = 1, cut }: LanePlan,
  lane: string,
): string[] {
  const problems: string[] = []
  for (const [name, ms] of Object.entries({ delayMs, jitterMs })) {
    if (!(ms >= 0 && ms < 1e9)) problems.push(`${lane}.${name} is ${ms}; allowed is 0 to 1e9`)
  }
  if (!(bytesPerSecond >= 1))
    problems.push(`${lane}.bytesPerSecond is ${bytesPerSecond}; allowed is 1 or more`)
  if (cut === undefined) return problems
  const { after } = cut
  // A possible beginning of the text is held back, and a line end would be one after every line.
  if ('text' in after && !/^[^\r\n]/.test(after.text)) {
    problems.push(`${lane}.cut.after.text is ${JSON.stringify(after.text)}; it may not begin with a line end`)
  }
  if ('bytes' in after && !(after.bytes >= 0)) {
    problems.push(`${lane}.cut.after.bytes is ${after.bytes}; allowed is 0 or more`)
  }
  return problems
}

/**
 * What goes wrong during a part: the network to the server, the server itself, or other clients.
 *
 * @example
 * ```ts
 * { proxy: { toClient: { cut: { after: { text: '250', behind: '354' }, by: 'reset' } }, share: 0.1 } }
 * ```
 */
export interface FaultPlan {
  /** A misbehaving network in front of the servers. */
  readonly proxy?: Omit<FaultProxyPlan, 'target'>
  /** Misbehaving servers in place of the usual ones. */
  readonly server?: FaultServerPlan
  /** Other clients that hold connections open. */
  readonly crowd?: {
    /** Clients that say nothing. */
    readonly idle: number
    /** Clients that send an octet every 500 ms. */
    readonly slow: number
  }
}

const LANE_FIELDS = {
  delayMs: true,
  jitterMs: true,
  bytesPerSecond: true,
  cut: {
    after: { bytes: true, text: true, behind: true },
    by: true,
  } satisfies FieldsOf<CutPlan>,
} as const satisfies FieldsOf<LanePlan>

const FAULT_FIELDS = {
  proxy: { toServer: LANE_FIELDS, toClient: LANE_FIELDS, share: true, seed: true } satisfies FieldsOf<Faults>,
  server: {
    rate: { perSecond: true, burst: true, stage: true, code: true } satisfies FieldsOf<RatePlan>,
    greylist: { stage: true, forMs: true } satisfies FieldsOf<GreylistPlan>,
    refuse: { stage: true, every: true, code: true } satisfies FieldsOf<RefusalPlan>,
    chunking: { swallows: true, stallEvery: true } satisfies FieldsOf<ChunkPlan>,
    tarpit: { greeting: true, ehlo: true, mail: true, rcpt: true, data: true, dot: true } satisfies FieldsOf<
      Record<Stage, unknown>
    >,
    port: true,
  } satisfies FieldsOf<FaultServerPlan>,
  crowd: { idle: true, slow: true },
} as const satisfies FieldsOf<FaultPlan>

/** Throws one error that lists every bad value, and every field that there is not. */
export function checkFaults(plan: FaultPlan): void {
  const problems = unknownFields({ faults: plan }, { faults: FAULT_FIELDS })
  if (problems.length > 0)
    throw new MailstormError('BAD_FAULTS', ['Failed to read the faults:', ...problems].join('\n  '))
  checkServerPlan(plan.server ?? {})
  checkProxyPlan(plan.proxy ?? {})
}

export function describeFaults({ proxy, server, crowd }: FaultPlan): string {
  const parts = [
    proxy === undefined ? undefined : describeProxyPlan(proxy),
    server === undefined ? undefined : describeServerPlan(server),
    crowd === undefined ? undefined : `beside ${crowd.idle} idle and ${crowd.slow} slow clients`,
  ]
  return parts.filter((part) => part !== undefined).join('; ') || 'no fault'
}
