import { spawnSync } from 'node:child_process'
import { chmod, cp, lstat, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { initialise, nativeFolder, prepareBinaries } from './cluster.ts'

let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailstorm-cluster-'))
})

afterEach(() => rm(folder, { recursive: true, force: true }))

test('the binaries run where the package was installed without its install script', async () => {
  const native = join(folder, 'node_modules/native')
  await cp(nativeFolder(), native, {
    recursive: true,
    filter: async (path) => !(await lstat(path)).isSymbolicLink(),
  })
  const binaries = await prepareBinaries(folder, undefined, native)
  const { status, stderr } = spawnSync(binaries.initdb, ['--version'], { encoding: 'utf8' })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
})

test('a program that ends before it has read its input is reported with what it said', async () => {
  const [initdb, postgres] = [join(folder, 'initdb'), join(folder, 'postgres')]
  await writeFile(initdb, '#!/bin/sh\n')
  await writeFile(postgres, '#!/bin/sh\necho "cannot open shared object file" >&2\nexit 127\n')
  for (const program of [initdb, postgres]) await chmod(program, 0o755)
  await expect(
    initialise({
      binaries: { initdb, postgres },
      user: undefined,
      folder,
      data: join(folder, 'data'),
      // More than a pipe holds.
      database: 'd'.repeat(4 * 1024 ** 2),
      name: 'mailproxy',
      password: 'mailproxy',
    }),
  ).rejects.toThrow(/postgres ended with code 127:\ncannot open shared object file/)
})
