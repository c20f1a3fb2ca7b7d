import { execFileSync } from 'node:child_process'
import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { folderWith } from './folder.fixture.ts'

/** Reads a corpus, asks for each of its messages twice, and prints the most memory that it took, in MB. */
const READ_ALL = `
import { readCorpus } from './src/mail/corpus/corpus.ts'
import { CorpusContent } from './src/mail/corpus/corpus-content.ts'
const corpus = await readCorpus(process.argv[1])
const content = new CorpusContent({ corpus, runId: 'run', seed: 1 })
for (let message = 0; message < 2 * corpus.summary.messages; message++) {
  content.octetsOf(message)
  await new Promise((resolve) => setImmediate(resolve))
}
console.log(JSON.stringify({ messages: corpus.summary.messages, mostMb: process.resourceUsage().maxRSS / 1024 }))
`
const LARGEST_BYTES = 20 * 1024 ** 2

test('a corpus of 600 MB is read and sent in less memory than it has', {
  tags: 'long',
  timeout: 120_000,
}, () => {
  const folder = folderWith({})
  const line = `${'x'.repeat(74)}\r\n`
  const block = Buffer.from(line.repeat(10_000))
  const file = openSync(join(folder, 'all.mbox'), 'w')
  let bytes = 0
  for (let at = 0; bytes < 600_000_000; at++) {
    writeSync(file, 'From a@example.test Sat Nov 28 10:00:00 2026\r\nSubject: x\r\n\r\n')
    const size = at % 10 === 0 ? LARGEST_BYTES : 100 * line.length
    for (let left = size; left > 0; left -= block.length)
      bytes += writeSync(file, block, 0, Math.min(left, block.length))
    writeSync(file, '\r\n\r\n')
  }
  closeSync(file)
  const args = ['--input-type=module-typescript', '-e', READ_ALL, folder]
  const root = join(import.meta.dirname, '../../..')
  const printed = execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
  const { messages, mostMb } = JSON.parse(printed) as { messages: number; mostMb: number }
  expect(messages).toBeGreaterThan(250)
  expect(mostMb).toBeLessThan(450)
})
