import { expect, it } from 'vitest'
import { selfSignedCertificate } from '../../../containers/certificate.ts'
import { ScriptedServer } from '../../../test/servers/scripted-server.ts'
import { planFor } from '../../../test/truth/plan.ts'
import { LoadRun } from './load-run.ts'
import { SenderPool } from './pool.ts'

const LIMIT_MS = 60_000

it('resumes in the first sessions of a thread what another one has got', { timeout: LIMIT_MS }, async () => {
  const { certPem, keyPem } = await selfSignedCertificate()
  await using server = await ScriptedServer.start({ tls: { cert: certPem, key: keyPem, implicit: true } })
  await using pool = new SenderPool(3)
  await pool.warmUp()
  const { host, port } = server
  const tls = { mode: 'implicit', verify: true, ca: certPem } as const
  const targets = [{ name: 'server', host, port, tls }]
  const send = async (workers: number) => {
    const schedule = { executor: 'per-worker-iterations', messagesPerWorker: 1, workers } as const
    const { recording } = await new LoadRun(pool, planFor(0, { targets, workers, schedule })).finished()
    expect(recording.targets[0]?.accepted).toBe(workers)
  }
  await send(1)
  // More than one to each thread.
  await send(12)
  expect(server.sessions.map(({ resumed }) => resumed)).toEqual([false, ...Array(12).fill(true)])
})
