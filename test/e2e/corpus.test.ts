import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { writeCorpus } from '../truth/corpus-files.ts'
import { stress } from './stress.ts'

function folderOf(messages: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'mailstorm-mails-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeCorpus(folder, messages, 2)
  return folder
}

test('STRESS_CORPUS sends real mail in any scenario, and result and report say which', async () => {
  const folder = folderOf(40)
  const run = await stress('burst', {
    STRESS_CORPUS: `${folder}/crlf:70,${folder}/all.mbox:30`,
    STRESS_MESSAGES: '80',
    SMTP_SERVERS: '2',
  })
  expect(run.exitCode).toBe(0)
  expect(run.output).toMatch(/Corpus: +crlf:70,all\.mbox:30: 20 messages in 11 files, /)
  expect(run.output).toMatch(/Message size: .* in the mean; p50 /)
  const { result } = run
  expect(result?.ledger).toMatchObject({ verified: true, received: 80, lost: 0, corrupted: 0 })
  expect(result?.workload.corpus).toMatchObject({ name: 'crlf:70,all.mbox:30', messages: 20, files: 11 })
  expect(result?.message_size).toBe(Math.round((result?.workload.corpus?.bytes ?? 0) / 20))
  expect(result?.overridden?.load).toContainEqual(
    expect.objectContaining({ variable: 'STRESS_CORPUS', own: null }),
  )
})

test('a corpus that cannot be sent ends the run with one message before anything is booted', async () => {
  const folder = folderOf(4)
  writeFileSync(join(folder, 'long.eml'), `Subject: x\n\n${'y'.repeat(1_200)}\n`)
  const run = await stress('custom', { STRESS_CORPUS: folder, STRESS_MESSAGES: '5' })
  expect(run.exitCode).toBe(1)
  expect(run.output).toContain('Failed to read the corpus: 1 of 5 messages cannot be sent:')
  expect(run.output).toContain(`${folder}/long.eml:3: a line of 1,200 octets, and 998 may be in one`)
  expect(run.output).not.toMatch(/\n\s+at |Backend: /)
  expect(run.result).toBeUndefined()
})

test('sizes and a corpus together are refused', async () => {
  const run = await stress('custom', { STRESS_CORPUS: 'mails', STRESS_SIZE: 'small' })
  expect(run.exitCode).toBe(2)
  expect(run.output).toContain('STRESS_CORPUS sends real mail, which has sizes of its own')
})
