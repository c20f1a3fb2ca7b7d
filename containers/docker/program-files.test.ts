import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { contentHash, filesOf } from './program-files.ts'

const SERVER = {
  paths: ['src/server', 'src/ledger', 'src/sink/smtp/data-reader.ts', 'src/error.ts'],
  packages: ['smtp-server', 'zod'],
}

test('takes the program and its packages, with theirs, and no tests', async () => {
  const files = (await filesOf(SERVER)).map(({ to }) => to)
  expect(files).toEqual(expect.arrayContaining(['package.json', 'src/server/main.ts', 'src/error.ts']))
  expect(files).toEqual(
    expect.arrayContaining(['smtp-server', 'nodemailer', 'zod'].map((name) => `node_modules/${name}`)),
  )
  expect(files.filter((file) => /test|contract/.test(file))).toEqual([])
})

test('a package that is not installed is named', async () => {
  await expect(filesOf({ paths: [], packages: ['no-such-package'] })).rejects.toThrow(
    'the package no-such-package is not installed',
  )
})

test('the hash stays while nothing changes, and changes with a file, a package and a word', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'program-files-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const dockerfile = join(folder, 'Dockerfile')
  await writeFile(dockerfile, 'FROM a')
  const hash = await contentHash(SERVER, [dockerfile], 'node:24')
  expect(hash).toMatch(/^[\da-f]{12}$/)
  expect(await contentHash(SERVER, [dockerfile], 'node:24')).toBe(hash)
  const others = [
    await contentHash(SERVER, [dockerfile], 'node:25'),
    await contentHash({ ...SERVER, packages: ['smtp-server'] }, [dockerfile], 'node:24'),
    await contentHash({ ...SERVER, paths: ['src/ledger'] }, [dockerfile], 'node:24'),
  ]
  await writeFile(dockerfile, 'FROM b')
  others.push(await contentHash(SERVER, [dockerfile], 'node:24'))
  expect(new Set([hash, ...others]).size).toBe(5)
})
