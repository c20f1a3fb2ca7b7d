import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EmbeddedProcess, type ProcessOptions } from './embedded-process.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'process-test-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function start(source: string, options: Partial<ProcessOptions> = {}) {
  const program = join(folder, `${crypto.randomUUID()}.mjs`)
  await writeFile(program, source)
  return EmbeddedProcess.start({ name: 'thing-1', program, env: {}, ...options })
}

const READY = `console.log('{"port":7}')`
const STAY = 'setInterval(() => {}, 1e6)'

test('is ready with the fields of the first line of JSON', async () => {
  const thing = await start(`console.log('starting'); ${READY}; ${STAY}`)
  expect(thing.readyLine).toEqual({ port: 7 })
  expect(thing.logTail(10)).toEqual(['starting', '{"port":7}'])
  await thing.stop()
})

test('gives the program its own environment and nothing of ours', async () => {
  process.env.SMTP_PORT = '1'
  const thing = await start(
    `console.log(JSON.stringify({ mine: process.env.MINE, theirs: process.env.SMTP_PORT })); ${STAY}`,
    { env: { MINE: 'yes' } },
  )
  delete process.env.SMTP_PORT
  expect(thing.readyLine).toEqual({ mine: 'yes' })
  await thing.stop()
})

test('fails with the last 50 lines of the log when the program ends before it is ready', async () => {
  const failure = start(`for (let n = 1; n <= 60; n++) console.error('line ' + n); process.exitCode = 3`)
  const lines = Array.from({ length: 50 }, (_, n) => `line ${n + 11}`).join('\n')
  await expect(failure).rejects.toMatchObject({
    code: 'SERVICE_START',
    message: `Failed to start thing-1: it exited with code 3.\nThe end of its log:\n${lines}`,
  })
})

test('fails and kills a program that is not ready in time', async () => {
  await expect(start(STAY, { readyWithinMs: 100 })).rejects.toThrow(
    'Failed to start thing-1: it was not ready within 100 ms.\nIt wrote no log.',
  )
})

test('says with which code the program ended by itself', async () => {
  const thing = await start(`${READY}; process.exit(4)`)
  expect(await thing.ended).toEqual({ by: 'exited with code 4', atEpochMs: expect.any(Number) })
  expect(thing.endedBy).toBe('exited with code 4')
})

test('kills a program that does not heed SIGTERM', async () => {
  const thing = await start(`process.on('SIGTERM', () => {}); ${READY}; ${STAY}`, { stopWithinMs: 50 })
  await thing.stop()
  expect(() => process.kill(thing.pid, 0)).toThrow('ESRCH')
  expect(thing.endedBy).toBeUndefined()
})
