import { globSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '..')
const MOST_IN_A_FOLDER = 16

test('a newcomer can look over each folder: none has more than 16 modules flat', () => {
  const modules = globSync('{src,fixtures,containers,reporters,scripts}/**/*.ts', { cwd: ROOT }).filter(
    (path) => !/[.](test|fixture|contract)[.]ts$/.test(path),
  )
  const folders = Map.groupBy(modules, dirname)
  expect(folders.size).toBeGreaterThan(40)
  const crowded = [...folders].filter(([, inside]) => inside.length > MOST_IN_A_FOLDER)
  expect(crowded.map(([folder, inside]) => `${folder}: ${inside.length}`)).toEqual([])
})
