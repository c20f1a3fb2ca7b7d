import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { freePort } from '../../containers/loopback.ts'
import { QUESTIONS } from '../../src/probe/probe.ts'
import type { ProbeResult } from '../../src/probe/report.ts'
import { stress } from '../e2e/stress.ts'
import { say } from '../servers/script.ts'
import { ScriptedServer } from '../servers/scripted-server.ts'

const LIMIT_MS = 120_000

test('-t probe reports what a server does, in the terminal and in files', { timeout: LIMIT_MS }, async () => {
  await using server = await ScriptedServer.start({ rset: [say('502 5.5.1 not here')] })
  const run = await probed({ SMTP_TARGETS: `127.0.0.1:${server.port}` })
  expect(run.exitCode).toBe(0)
  expect(run.output).toContain('✗ RSET ends a transaction')
  expect(run.output).toContain('received  502 5.5.1 not here')
  const rset = run.result?.targets[0]?.rows.find(({ id }) => id === 'rset')
  expect(rset).toMatchObject({ verdict: 'deviates', note: 'the reply to RSET is not 250' })
  expect(run.markdown).toContain(
    '| RSET ends a transaction | 5321 4.1.1.5 | ✗ the reply to RSET is not 250 |',
  )
})

test('with STRESS_PROBE_STRICT=1 a deviation fails its row and the run', {
  tags: 'long',
  timeout: LIMIT_MS,
}, async () => {
  await using server = await ScriptedServer.start({ rset: [say('502 5.5.1 not here')] })
  const run = await probed({ SMTP_TARGETS: `127.0.0.1:${server.port}`, STRESS_PROBE_STRICT: '1' })
  expect(run.exitCode).toBe(1)
  expect(run.output).toContain('deviates: the reply to RSET is not 250 (RFC 5321 4.1.1.5)')
})

test('README and docs/servers.md state the number of questions', () => {
  const read = (path: string) => readFileSync(join(import.meta.dirname, '../..', path), 'utf8')
  expect(read('README.md')).toContain(`${QUESTIONS.length} checks from the RFCs`)
  expect(read('docs/servers.md')).toContain(`${QUESTIONS.length} questions of the protocol probe`)
})

test('a target that is down does not keep the others from being asked', {
  tags: 'long',
  timeout: LIMIT_MS,
}, async () => {
  await using server = await ScriptedServer.start()
  const down = await freePort()
  const run = await probed({ SMTP_TARGETS: `127.0.0.1:${down},127.0.0.1:${server.port}` })
  expect(run.exitCode).toBe(1)
  expect(run.output).toContain(
    `Failed to probe 127.0.0.1:${down}: connection refused instead of an SMTP greeting (220).`,
  )
  expect(run.result?.targets.map(({ target }) => target)).toEqual([`127.0.0.1:${server.port}`])
  expect(run.result?.targets[0]?.counts.conforms).toBeGreaterThan(20)
})

test('a target that is neither loopback nor private is not connected to', {
  tags: 'long',
  timeout: LIMIT_MS,
}, async () => {
  // 203.0.113.0/24 is for documentation (RFC 5737); the check refuses it before any socket opens.
  const run = await probed({ SMTP_TARGETS: '203.0.113.7:25' })
  expect(run.exitCode).toBe(1)
  expect(run.output).toContain('203.0.113.7 is neither loopback nor a private address')
  expect(run.result).toBeUndefined()
})

async function probed(environment: Readonly<Record<string, string>>) {
  const { exitCode, output, resultsDir } = await stress('probe', {
    STRESS_PROBE_WAIT: '1',
    STRESS_PROBE_CONNECTIONS: '5',
    ...environment,
  })
  const read = (end: string) => {
    const name = readdirSync(resultsDir).find((file) => file.endsWith(end))
    return name === undefined ? undefined : readFileSync(join(resultsDir, name), 'utf8')
  }
  const json = read('-probe.json')
  const result = json === undefined ? undefined : (JSON.parse(json) as ProbeResult)
  return { exitCode, output, result, markdown: read('-probe.md') ?? '' }
}
