import { embeddedMailhog, type RunningMailhog } from '../../../containers/mailhog.ts'
import { errorText, MailstormError } from '../../error.ts'
import { BODY_CRC_HEADER, ID_HEADER } from '../../ledger/ledger.ts'
import { LOOPBACK } from '../../listening.ts'
import type { HopAnswer } from '../../programs/sink/http/own-routes.ts'
import type { ArrivalLine } from '../../programs/sink/store/arrivals.ts'
import type { Arrival, HopChange, NextHop, Store, StoreContext } from '../store.ts'
import { arrivalsOf } from '../stored-message.ts'
import type { SinkPort } from './sink-port.ts'

/** Damaged messages kept for a look at them. */
const MOST_DAMAGED_BYTES = 32 * 1024 ** 2

/** A sink that several runs look into: relays go on delivering to it between two of them. */
interface SharedSink {
  readonly started: Promise<RunningMailhog>
  users: number
}

const sinks = new Map<number, SharedSink>()

/** Our own sink as the next hop of the relay under test. */
export async function openSink(where: SinkPort, { note }: StoreContext): Promise<Store> {
  const { protocol, port } = where
  const known = sinks.get(port)
  const shared = known ?? { started: boot(where), users: 0 }
  shared.users++
  sinks.set(port, shared)
  try {
    const store = new SinkStore(await shared.started, where, () => release(port, shared))
    if (known === undefined)
      note(
        `The sink takes mail by ${protocol.toUpperCase()} at ${LOOPBACK}:${port}: the relay has to send it there`,
      )
    return store
  } catch (error) {
    sinks.delete(port)
    throw error
  }
}

async function release(port: number, shared: SharedSink): Promise<void> {
  shared.users--
  if (shared.users > 0) return
  sinks.delete(port)
  await (await shared.started).stop()
}

async function boot({ protocol, port }: SinkPort): Promise<RunningMailhog> {
  const service = embeddedMailhog({
    name: 'the sink',
    hostname: 'sink.mailstorm.test',
    ...(protocol === 'smtp' ? { smtpPort: port } : {}),
    environment: {
      SINK_NEXT_HOP: 'true',
      SINK_CHUNKING: 'true',
      SINK_ARRIVALS: `${ID_HEADER},${BODY_CRC_HEADER}`,
      ...(protocol === 'lmtp' ? { SINK_LMTP: `${LOOPBACK}:${port}` } : {}),
    },
  })
  return service.start().catch((error) => {
    throw new MailstormError(
      'VERIFY_STORE',
      `Failed to boot the sink that the mail ends up in, at port ${port}: ${errorText(error)}`,
      'Stop what listens there, or name another port: STRESS_VERIFY=sink:2526',
    )
  })
}

function hopQuery(behaviour: NextHop): string {
  if (typeof behaviour === 'string') return `mode=${behaviour}`
  return 'slowMs' in behaviour
    ? `mode=slow&ms=${behaviour.slowMs}`
    : `mode=refuses&code=${behaviour.refusesWith}`
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}

class SinkStore implements Store {
  readonly name: string
  /** It stamps what has come in by the clock of this machine, to the microsecond. */
  readonly timeResolutionMs = 0.001
  readonly #sink: RunningMailhog
  readonly #release: () => Promise<void>
  readonly #damaged = new Map<string, Buffer>()
  #damagedBytes = 0
  #offset = 0

  constructor(sink: RunningMailhog, { protocol, port }: SinkPort, release: () => Promise<void>) {
    this.name = `the sink at ${LOOPBACK}:${port}${protocol === 'lmtp' ? ' (LMTP)' : ''}`
    this.#sink = sink
    this.#release = release
  }

  async check(): Promise<void> {
    const counts = (await (await this.#ask('/sink/count')).json()) as { readonly arrivals_bytes: number }
    this.#offset = counts.arrivals_bytes
  }

  async *arrivals(runId: string, signal: AbortSignal): AsyncGenerator<Arrival> {
    const { body } = await this.#ask(`/sink/arrivals?from=${this.#offset}`, { signal })
    if (body === null) return
    const begin = `${runId}-`
    let rest = Buffer.alloc(0)
    for await (const piece of body) {
      const bytes = Buffer.concat([rest, piece])
      const end = bytes.lastIndexOf(10) + 1
      for (const text of bytes.toString('utf8', 0, end).split('\n')) {
        if (text === '') continue
        const line = JSON.parse(text) as ArrivalLine
        const { id, at_epoch_ms: arrivedAtMs, body: state } = line
        if (line.raw !== undefined) yield* await this.#look(line, line.raw, runId)
        // Waiting for each of a million lines would cost more than to read them.
        if (id.startsWith(begin))
          for (const recipient of line.to) yield { id, recipient, arrivedAtMs, body: state }
      }
      this.#offset += end
      rest = bytes.subarray(end)
    }
  }

  async behave(behaviour: NextHop): Promise<HopChange> {
    const response = await this.#ask(`/sink/hop?${hopQuery(behaviour)}`, { method: 'PUT' })
    const { at_epoch_ms: atEpochMs, count: taken } = (await response.json()) as HopAnswer
    return { atEpochMs, taken }
  }

  limits(): undefined {
    return undefined
  }

  async raw(id: string): Promise<Buffer | undefined> {
    return this.#damaged.get(id)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#release()
  }

  /** At a message without an id, which may be a report, or at a damaged one, which is kept. */
  async #look(
    { id, at_epoch_ms: arrivedAtMs }: ArrivalLine,
    raw: string,
    runId: string,
  ): Promise<readonly Arrival[]> {
    const octets = Buffer.from(raw, 'base64')
    if (id === '') return arrivalsOf({ octets, arrivedAtMs }, runId)
    if (id.startsWith(`${runId}-`) && this.#damagedBytes < MOST_DAMAGED_BYTES) {
      this.#damaged.set(id, octets)
      this.#damagedBytes += octets.length
    }
    return []
  }

  async #ask(path: string, how: RequestInit = {}): Promise<Response> {
    const response = await fetch(`${this.#sink.apiUrl}${path}`, how).catch((error: Error) => {
      if (how.signal?.aborted) throw error
      throw this.#failure(this.#sink.endedBy ?? errorText(error.cause ?? error))
    })
    if (!response.ok)
      throw this.#failure(`it answered ${response.status} ${firstLine(await response.text())}`)
    return response
  }

  #failure(why: string): MailstormError {
    return new MailstormError('VERIFY_STORE', `Failed to read ${this.name}: ${why}.`)
  }
}
