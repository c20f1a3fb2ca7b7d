import { mkdtempSync, rmSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { identityOf } from '../../src/processes.ts'
import { keptMetricsPort, keptServerNames, readState, statePath, writeState } from './state.ts'

function folder(): string {
  const root = mkdtempSync(join(tmpdir(), 'mailstorm-state-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  return root
}

const STATE = {
  keeper: identityOf(process.pid),
  startedAt: '2026-01-01T00:00:00.000Z',
  backend: { name: 'embedded', why: '' },
  apiPort: 1,
  servers: [
    {
      name: 'smtp-server-1',
      host: '127.0.0.1',
      port: 1,
      implicitTlsPort: null,
      ca: null,
      pid: 1,
      noLedger: null,
    },
  ],
  metricsPort: 9464,
} as const

test('knows the servers of a keeper that lives', async () => {
  const root = folder()
  await writeState(root, STATE)
  expect(keptServerNames(root)).toEqual(['smtp-server-1'])
  expect(keptMetricsPort(root)).toBe(9464)
  expect(await readState(root)).toMatchObject(STATE)
})

test.for([
  ['a file that was cut short', '{"format":"mailstorm-services/1","ser'],
  ['an empty file', ''],
  ['a file of another version', JSON.stringify({ ...STATE, format: 'mailstorm-services/0', servers: 3 })],
  ['another file', 'null'],
  ['a killed keeper', JSON.stringify({ ...STATE, format: 'mailstorm-services/1', keeper: '1:0' })],
] as const)('%s keeps nothing', async ([, text]) => {
  const root = folder()
  await mkdir(dirname(statePath(root)))
  await writeFile(statePath(root), text)
  expect(keptServerNames(root)).toEqual([])
  expect(keptMetricsPort(root)).toBeUndefined()
  expect(await readState(root)).toBeUndefined()
})
