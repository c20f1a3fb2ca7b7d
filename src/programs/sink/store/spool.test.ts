import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Spool } from './spool.ts'

test('leaves nothing in its folder, not even while it is open', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mailstorm-test-'))
  const spool = Spool.open(folder)
  spool.append([Buffer.from('abc')])
  expect(readdirSync(folder)).toEqual([])
  spool.release()
  rmSync(folder, { recursive: true })
})

test('writes blocks one after another, says where, and reads up to the end', () => {
  const spool = Spool.open()
  expect(spool.append([Buffer.from('abc'), Buffer.alloc(0), Buffer.from('de')])).toBe(0)
  expect(spool.append([])).toBe(5)
  expect(spool.append([Buffer.from('f')])).toBe(5)
  const into = Buffer.alloc(10)
  expect(spool.readInto(into, 2)).toBe(4)
  expect(into.toString('latin1', 0, 4)).toBe('cdef')
  spool.release()
})

test('closes with its last user', () => {
  const spool = Spool.open()
  spool.append([Buffer.from('abc')])
  spool.retain()
  spool.release()
  expect(spool.readInto(Buffer.alloc(3), 0)).toBe(3)
  spool.release()
  expect(() => spool.readInto(Buffer.alloc(3), 0)).toThrow(/EBADF/)
})
