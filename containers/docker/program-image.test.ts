import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, normalize } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { SINK_SOURCES } from '../mailhog.ts'
import { SMTP_SERVER_SOURCES as SERVER } from '../smtp-server.ts'
import { contentHash, filesOf } from './program-image.ts'

test('takes the program and its packages, with theirs, and no tests', async () => {
  const files = (await filesOf(SERVER)).map(({ to }) => to)
  expect(files).toEqual(
    expect.arrayContaining(['package.json', 'src/programs/smtp-server/main.ts', 'src/error.ts']),
  )
  expect(files).toEqual(
    expect.arrayContaining(['smtp-server', 'nodemailer', 'zod'].map((name) => `node_modules/${name}`)),
  )
  expect(files.filter((file) => /test|contract/.test(file))).toEqual([])
})

test.each([
  ['SMTP server', SERVER],
  ['sink', SINK_SOURCES],
])('the image of the %s has all that its program imports', async (_name, sources) => {
  const files = await filesOf(sources)
  const inImage = new Set(files.map(({ to }) => to))
  const missing: string[] = []
  for (const { from, to } of files.filter((file) => file.to.endsWith('.ts'))) {
    const text = await readFile(from, 'utf8')
    // Type stripping removes type-only imports.
    for (const [, typeOnly, imported = ''] of text.matchAll(
      /^(?:import|export) (type )?[^;]*? from '([^']+)'/gm,
    )) {
      if (typeOnly !== undefined || imported.startsWith('node:')) continue
      const [scope = '', name] = imported.split('/')
      const path = imported.startsWith('.')
        ? normalize(join(dirname(to), imported))
        : `node_modules/${scope.startsWith('@') ? `${scope}/${name}` : scope}`
      if (!inImage.has(path)) missing.push(`${to} imports ${path}`)
    }
  }
  expect(missing).toEqual([])
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
