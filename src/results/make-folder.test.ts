import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { makeFolder } from './atomic-write.ts'

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mailstorm-folder-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

test('makes a folder with those above it, and leaves one that is there, also when asked twice at once', async () => {
  const path = join(await temporaryFolder(), 'a/b/c')
  await Promise.all([makeFolder(path), makeFolder(path), makeFolder(join(path, 'd'))])
  await makeFolder(path)
  expect((await stat(join(path, 'd'))).isDirectory()).toBe(true)
})

test('rejects where a file stands in the way', async () => {
  const file = join(await temporaryFolder(), 'file')
  await writeFile(file, '')
  await expect(makeFolder(file)).rejects.toMatchObject({ code: 'EEXIST' })
  await expect(makeFolder(join(file, 'below'))).rejects.toMatchObject({ code: 'ENOTDIR' })
})

test.skipIf(process.platform !== 'linux')(
  'rejects where the file system makes no folders, and does not try for ever',
  async () => {
    await expect(makeFolder('/proc/nowhere/below')).rejects.toMatchObject({ code: 'ENOENT' })
  },
)
