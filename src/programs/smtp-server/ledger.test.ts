import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BagDigest, type LedgerEntry } from '../../ledger/ledger.ts'
import { Ledger, readLedgerEntries, readServerLedger } from './ledger.ts'

let folder: string
let path: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ledger-test-'))
  path = join(folder, 'ledger.ndjson')
})
afterEach(() => rm(folder, { recursive: true }))

const entry = (id: string, bytes = 10, intact = true): LedgerEntry => ({ id, bytes, intact })

function record(ledger: Ledger, ...entries: LedgerEntry[]): Promise<unknown> {
  return Promise.all(
    entries.map(
      (each) =>
        new Promise<void>((resolve, reject) =>
          ledger.record(each, (error) => (error === undefined ? resolve() : reject(error))),
        ),
    ),
  )
}

function digestOf(...ids: string[]): string {
  const digest = new BagDigest()
  for (const id of ids) digest.add(id)
  return digest.toString()
}

async function entriesOf(run: string): Promise<LedgerEntry[]> {
  const entries: LedgerEntry[] = []
  for await (const each of readLedgerEntries(path, run)) entries.push(each)
  return entries
}

test('counts each run by itself, and messages without an id apart', async () => {
  const ledger = await Ledger.open(path)
  await record(ledger, entry('a-1-1', 5), entry('a-1-2', 6, false), entry('a-2', 7), entry('', 8))
  const connections = { current: 0, peak: 0 }
  expect(ledger.of('a-1')).toEqual({
    accepted: 2,
    bytes: 11,
    corrupted: 1,
    digest: digestOf('a-1-2', 'a-1-1'),
    connections,
  })
  expect(ledger.of('a')).toMatchObject({ accepted: 1, bytes: 7 })
  expect(ledger.of('')).toMatchObject({ accepted: 1, bytes: 8 })
  expect(ledger.of('never')).toEqual({
    accepted: 0,
    bytes: 0,
    corrupted: 0,
    digest: '0000000000000000',
    connections,
  })
})

test('has a message in the file before it says so', async () => {
  const ledger = await Ledger.open(path)
  const seen = await new Promise<Promise<string>>((resolve) =>
    ledger.record(entry('a-1'), () => resolve(readFile(path, 'utf8'))),
  )
  expect(await seen).toBe('{"id":"a-1","bytes":10,"intact":true}\n')
})

test('gives the same ledger from the file alone, the peak of connections with it', async () => {
  const ledger = await Ledger.open(path)
  for (const current of [1, 2, 1, 3, 0]) ledger.connections(current)
  await record(ledger, entry('a-1'), entry('a-1'), entry('b-1'))
  expect(await readServerLedger(path, 'a')).toEqual(ledger.of('a'))
  expect(ledger.of('a').connections).toEqual({ current: 0, peak: 3 })
  expect(await entriesOf('a')).toEqual([entry('a-1'), entry('a-1')])
})

test('leaves out the unfinished line of a process that was killed, and goes on behind it', async () => {
  const before = await Ledger.open(path)
  await record(before, entry('a-1'))
  before.close()
  await appendFile(path, '{"id":"a-2","byt')
  const after = await Ledger.open(path)
  await record(after, entry('a-3'))
  expect(await entriesOf('a')).toEqual([entry('a-1'), entry('a-3')])
  expect(after.of('a')).toMatchObject({ accepted: 2, digest: digestOf('a-1', 'a-3') })
})

test('reports every message of a failed write as not recorded, and counts none', async () => {
  const ledger = await Ledger.open('/dev/full')
  const outcomes = await Promise.allSettled([record(ledger, entry('a-1')), record(ledger, entry('a-2'))])
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(ledger.of('a').accepted).toBe(0)
})
