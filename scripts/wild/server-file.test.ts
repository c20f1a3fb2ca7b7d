import { accessSync, constants, existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readGuesses } from './guesses.ts'
import { readRecords } from './record.ts'
import { readServerFile, serverNames, WILD_FOLDER } from './server-file.ts'

describe.each(serverNames())('test/wild/%s', (name) => {
  test('can be installed, started and read', () => {
    const { ports, counted_by: by } = readServerFile(name)
    expect(ports.length).toBeGreaterThan(0)
    expect(existsSync(join(WILD_FOLDER, name, 'package'))).toBe(true)
    for (const program of ['start', ...(by === 'none' ? [] : ['count'])])
      accessSync(join(WILD_FOLDER, name, program), constants.X_OK)
    readGuesses(name)
  })
})

test('every record in docs/servers is of a server in test/wild', () => {
  const names = serverNames()
  for (const [file, { server }] of readRecords()) {
    expect(server).toBe(file)
    expect(names).toContain(server)
  }
})
