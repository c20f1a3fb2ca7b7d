import { writeFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../../src/engine/clock.ts'
import { Dispatch } from '../../src/engine/dispatch.ts'
import { createPacer, type Schedule, type Split } from '../../src/engine/executors/registry.ts'
import { Recorder, type RecorderOptions } from '../../src/engine/recorder.ts'
import type { Sample } from '../../src/engine/sample.ts'
import { mailOf } from '../../src/mail/mail.ts'
import { BehindTheEnd } from '../../src/smtp/behind-the-end.ts'
import { Gate, OpenTransports } from '../../src/smtp/connections.ts'
import { Farewells } from '../../src/smtp/farewells.ts'
import { smtpLane } from '../../src/smtp/sender.ts'
import { SessionCaps } from '../../src/smtp/session-caps.ts'
import { PHASES } from '../../src/smtp/target.ts'

/** What a generator process is told, as JSON in its first argument. */
export interface GeneratorTask {
  readonly schedule: Schedule
  readonly split: Split
  readonly runId: string
  readonly port: number
  readonly workers: number
  readonly file: string
}

/** A sample as it was, but for its memory and with times after the run's start. */
export type KeptSample = Omit<Sample, 'phasesMs'> & { readonly phasesMs: readonly (number | null)[] }

export const RECORDER = { startMs: 0, phaseCount: PHASES.length, targetCount: 1 } satisfies RecorderOptions

/**
 * One of several generators, with the real engine: what it recorded, and each sample it recorded. Says that it is ready,
 * and starts at the time that it is then told on its input, in epoch milliseconds.
 */
async function generate(task: GeneratorTask): Promise<void> {
  const { schedule, split, runId, port, workers, file } = task
  console.log('ready')
  const startAtMs = Number(await text(process.stdin))
  await sleep(Math.max(0, startAtMs - Date.now() - 200))
  const startMs = systemClock.nowMs() + startAtMs - Date.now()
  const pacer = createPacer(schedule, split)
  const recorder = new Recorder(RECORDER)
  const samples: KeptSample[] = []
  let claimed = 0
  const dispatch = new Dispatch({
    pacer,
    clock: systemClock,
    startMs,
    claim: () => (claimed < pacer.total ? claimed++ : undefined),
    onLag: () => {},
  })
  const transports = new OpenTransports()
  const lane = smtpLane(
    {
      clock: systemClock,
      model: pacer.model,
      targets: [{ name: 'server', host: '127.0.0.1', port, tls: { mode: 'none', verify: true } }],
      mail: mailOf({
        runId,
        sender: 'a@example.com',
        recipients: ['b@example.com'],
        sizeBytes: 1024,
        seed: 1,
        dateMs: 0,
      }),
      shape: { pipelining: 'commands', messagesPerSession: Number.POSITIVE_INFINITY, replyTimeoutMs: 10_000 },
      tlsSessions: new Map(),
      transports,
      connectGate: new Gate(200),
      farewells: new Farewells({
        clock: systemClock,
        replyTimeoutMs: 10_000,
        transports,
        onQuit: () => {},
        onSessionFailure: () => {},
      }),
      sessionCaps: new SessionCaps(() => {}),
      behindTheEnd: new BehindTheEnd(() => {}),
      onSample: (sample) => {
        const [dueMs, sentMs, endedMs] = [sample.dueMs, sample.sentMs, sample.endedMs].map(
          (ms) => ms - startMs,
        )
        const own = { ...sample, dueMs: dueMs ?? 0, sentMs: sentMs ?? 0, endedMs: endedMs ?? 0 }
        recorder.record(own)
        samples.push({ ...own, phasesMs: [...sample.phasesMs].map((ms) => (Number.isNaN(ms) ? null : ms)) })
      },
      onSessionOpened: () => {},
      onReconnect: () => {},
      onSessionFailure: () => {},
      onSlowRecipients: () => {},
    },
    0,
  )
  await Promise.all(
    Array.from({ length: workers }, (_, number) => dispatch.join({ number, lane, maxLanes: 10 })),
  )
  await writeFile(file, JSON.stringify({ recording: recorder.snapshot(), samples }))
}

const [, , json] = process.argv
if (json !== undefined && import.meta.main) await generate(JSON.parse(json) as GeneratorTask)
