import { selfSignedCertificate } from '../../../containers/certificate.ts'
import { type RunningNullSink, startNullSink } from '../../../containers/null-sink.ts'
import { LoadRun } from '../../engine/threads/load-run.ts'
import type { LoadPlan } from '../../engine/threads/plan.ts'
import type { SenderPool } from '../../engine/threads/pool.ts'
import type { SmtpTarget } from '../../smtp/target.ts'
import { newRunId } from '../provenance.ts'
import type { Workload } from '../spec/spec.ts'

/** The first second warms up the just-in-time compiler and opens the sessions; the second one counts. */
const SECONDS = 2

/**
 * Messages per second that this generator reaches on this machine against a server that takes everything and keeps
 * nothing: with the workload's size, recipients, sessions and messages per session, at the pipelining level at which each
 * of its servers is sent to, and over TLS where they are. The server is a process beside the generator and takes its
 * share of the machine, as the servers of a run do.
 */
export async function calibrate(
  pool: Pick<SenderPool, 'run'>,
  workload: Workload,
  likeThese: readonly SmtpTarget[],
  signal: AbortSignal,
): Promise<number | undefined> {
  const isSecret = ({ tls }: SmtpTarget) => tls.mode !== 'none'
  await using inTheClear = likeThese.every(isSecret) ? undefined : await startNullSink()
  await using underTls = likeThese.some(isSecret)
    ? await startNullSink({ certificate: await selfSignedCertificate() })
    : undefined
  const { hooks: _hooks, metrics: _metrics, ...load } = workload
  const plan: LoadPlan = {
    ...load,
    runId: newRunId(),
    schedule: { executor: 'constant-workers', durationSeconds: SECONDS },
    targets: likeThese.map((target) => {
      const { port } = (isSecret(target) ? underTls : inTheClear) as RunningNullSink
      const { pipelining } = target
      return {
        name: 'null-sink',
        host: '127.0.0.1',
        port,
        // What STARTTLS costs beside the handshake is two replies of a session.
        tls: { mode: isSecret(target) ? 'implicit' : 'none', verify: false },
        ...(pipelining === undefined ? {} : { pipelining }),
      }
    }),
    sessionsPerWorker: 1,
    seed: 1,
  }
  const run = new LoadRun(pool, plan)
  const stop = () => run.stop({ abort: true })
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  try {
    const { recording } = await run.finished()
    return recording.seconds[SECONDS - 1]?.accepted
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
