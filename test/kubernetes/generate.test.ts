import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { EmbeddedProcess } from '../../containers/embedded-process.ts'
import type { Result } from '../../src/engine/result.ts'
import { BARE_ENVIRONMENT } from '../child-process.ts'

const ROOT = join(import.meta.dirname, '../..')
const GENERATORS = 3

/** As the Job starts it. */
async function generator(index: number, env: NodeJS.ProcessEnv) {
  const child = spawn(process.execPath, ['deploy/images/generate.ts', 'quick'], {
    cwd: ROOT,
    env: {
      ...BARE_ENVIRONMENT,
      HOME: process.env.HOME,
      NO_COLOR: '1',
      JOB_UID: '0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0',
      JOB_COMPLETION_INDEX: `${index}`,
      STRESS_GENERATORS: `${GENERATORS}`,
      STRESS_GENERATOR_INDEX: `${index}`,
      ...env,
    },
  })
  const closed = once(child, 'close')
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  const [code] = await closed
  return { code, output: out + err }
}

test('three generators start together, and the first leaves one result of all, verified by the ledgers', {
  tags: 'long',
  timeout: 120_000,
}, async () => {
  const results = await mkdtemp(join(tmpdir(), 'results-'))
  // As the StatefulSet has it: a server that no generator booted.
  const program = join(ROOT, 'src/programs/smtp-server/main.ts')
  const server = await EmbeddedProcess.start({ name: 'smtp', program, env: { SMTP_PORT: '0' } })
  try {
    const { smtp_port: port, control_port: ledgerPort } = server.readyLine
    const env = {
      RESULTS: results,
      START_LEAD_SECONDS: '8',
      SMTP_TARGETS: `127.0.0.1:${port}`,
      SMTP_LEDGER_PORT: `${ledgerPort}`,
    }
    const runs = await Promise.all([0, 1, 2].map((index) => generator(index, env)))
    expect(
      runs.map(({ code }) => code),
      runs.map(({ output }) => output).join('\n'),
    ).toEqual([0, 0, 0])
    const stamped = (await readdir(results)).filter((name) => /^\d.*-quick\.json$/.test(name))
    expect(stamped).toHaveLength(1)
    const merged: Result = JSON.parse(await readFile(join(results, stamped[0] ?? ''), 'utf8'))
    expect(merged.metrics).toMatchObject({ total_messages: 100, successful_messages: 100 })
    expect(merged.merged?.parts.map(({ index, total_messages: messages }) => [index, messages])).toEqual([
      [0, 34],
      [1, 33],
      [2, 33],
    ])
    const none = { lost: 0, duplicated: 0, corrupted: 0, unacknowledged: 0 }
    expect(merged.ledger).toMatchObject({ verified: true, acknowledged: 100, received: 100, ...none })
  } finally {
    await server.stop()
    await rm(results, { recursive: true, force: true })
  }
})

test('says what a generator is not told, and sends nothing', async () => {
  const { code, output } = await generator(0, { RESULTS: '' })
  expect(output).toContain('Failed to start a generator: one of')
  expect(code).toBe(2)
})
