import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { replaceAtomically, writeAtomically } from './atomic-write.ts'
import { storeError } from './store.ts'

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mailstorm-atomic-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

test('replaces what was there and leaves no temporary file', async () => {
  const folder = await temporaryFolder()
  const path = join(folder, 'file')
  await writeFile(path, 'old')
  await writeAtomically(path, 'new')
  expect(await readFile(path, 'utf8')).toBe('new')
  expect(await readdir(folder)).toEqual(['file'])
})

test('what stood there stays when writing fails half way, and the first error is told', async () => {
  const folder = await temporaryFolder()
  const path = join(folder, 'file')
  await writeFile(path, 'old')
  const writing = replaceAtomically(path, async (temporary) => {
    await writeFile(temporary, 'half of')
    throw new Error('it broke')
  })
  await expect(writing).rejects.toThrow('it broke')
  expect(await readFile(path, 'utf8')).toBe('old')
  expect(await readdir(folder)).toEqual(['file'])
})

test('does not take the place of a folder', async () => {
  const folder = await temporaryFolder()
  await mkdir(join(folder, 'there'))
  await expect(writeAtomically(join(folder, 'there'), 'x')).rejects.toMatchObject({ code: 'EISDIR' })
  expect(await readdir(folder)).toEqual(['there'])
})

const SIZE_BYTES = 4 * 1024 ** 2

test('a reader, and whoever comes after kill -9 of the writer, finds a whole file', async () => {
  const folder = await temporaryFolder()
  const path = join(folder, 'file')
  const writer = spawn(process.execPath, [
    join(import.meta.dirname, '../../test/fixture-projects/atomic-write/writer.ts'),
    path,
    String(SIZE_BYTES),
  ])
  onTestFinished(() => void writer.kill('SIGKILL'))
  await once(writer.stdout, 'data')
  const seen = new Set<string>()
  for (let look = 0; look < 60; look++) seen.add(kindOf(await readFile(path)))
  writer.kill('SIGKILL')
  await once(writer, 'exit')
  seen.add(kindOf(await readFile(path)))
  expect([...seen].toSorted().join()).toMatch(/^(all a|all b|all a,all b)$/)
})

function kindOf(content: Buffer): string {
  if (content.length !== SIZE_BYTES) return `${content.length} bytes`
  for (const letter of ['a', 'b']) {
    if (content.equals(Buffer.alloc(SIZE_BYTES, letter))) return `all ${letter}`
  }
  return 'a mixture'
}

test('a full disk leaves the old file whole and is told in words', async (context) => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    return context.skip('mounting a small disk needs root on Linux')
  }
  const disk = await temporaryFolder()
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk])
  onTestFinished(() => void execFileSync('umount', [disk]))
  const path = join(disk, 'file')
  await writeAtomically(path, 'old')
  const error: unknown = await writeAtomically(path, 'n'.repeat(128 * 1024)).catch((reason) => reason)
  expect(error).toMatchObject({ code: 'ENOSPC' })
  expect(storeError(disk, error).message).toBe(
    `Failed to write results to "${disk}": the disk is full (ENOSPC).\nFree some space, or set STRESS_RESULTS_DIR to a folder on another disk.`,
  )
  expect(await readFile(path, 'utf8')).toBe('old')
  expect(await readdir(disk)).toEqual(['file'])
  // The space used by the failed attempt is free again.
  await writeAtomically(path, 'n'.repeat(32 * 1024))
})
