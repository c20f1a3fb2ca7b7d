import { Random } from '../../random.ts'

/** Where a client can break off: while it waits for the greeting, for EHLO's reply, …; `transfer`: half way. */
export const BREAK_OFF_PHASES = [
  'greeting',
  'ehlo',
  'auth',
  'envelope',
  'data',
  'transfer',
  'accept',
] as const
/** A phase in which clients can be told to break off. */
export type BreakOffPhase = (typeof BREAK_OFF_PHASES)[number]

/** How clients behave that are not machines, or no good ones; plain data that crosses threads. */
export interface ClientBehaviour {
  /** Shortest and longest think time before MAIL, each RCPT and DATA. */
  readonly thinkMs?: readonly [leastMs: number, mostMs: number]
  /** Share of messages, 0 to 1, whose client breaks off in a phase. */
  readonly breakOff?: Readonly<Partial<Record<BreakOffPhase, number>>>
}

/** What one message's client does: the same in every run with the same seed. */
export interface MessageBehaviour {
  /** The next think time, in milliseconds; undefined without any. */
  think(): number | undefined
  readonly breakOffIn: BreakOffPhase | undefined
  /** By RST, not by FIN. */
  readonly byReset: boolean
}

export function behaviourOf(
  { thinkMs, breakOff }: ClientBehaviour,
  seed: number,
  message: number,
): MessageBehaviour {
  const random = new Random(`client ${seed} ${message}`)
  const drawn = random.next()
  const byReset = random.chance(0.5)
  const think = () =>
    thinkMs === undefined ? undefined : thinkMs[0] + (thinkMs[1] - thinkMs[0]) * random.next()
  return { think, byReset, breakOffIn: phaseOf(breakOff, drawn) }
}

function phaseOf(breakOff: ClientBehaviour['breakOff'], drawn: number): BreakOffPhase | undefined {
  let sum = 0
  for (const phase of BREAK_OFF_PHASES) {
    sum += breakOff?.[phase] ?? 0
    if (drawn < sum) return phase
  }
  return undefined
}
