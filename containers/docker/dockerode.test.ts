import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ContainerHandle, firstFile, logTailOf } from './dockerode.ts'

function frame(stream: 1 | 2, text: string): Buffer {
  const head = Buffer.alloc(8)
  head[0] = stream
  head.writeUInt32BE(Buffer.byteLength(text), 4)
  return Buffer.concat([head, Buffer.from(text)])
}

const containerWith = (logs: () => Promise<Buffer>) => ({ logs }) as unknown as ContainerHandle

test('gives both streams line by line, in their order', async () => {
  const log = Buffer.concat([frame(1, 'out 1\n'), frame(2, 'err é\r\n\nlast'), frame(1, ' words\n')])
  const lines = await logTailOf(
    containerWith(async () => log),
    50,
  )
  expect(lines).toEqual(['out 1', 'err é', '', 'last words'])
})

test('gives none of a container that is silent, or removed', async () => {
  const removed = Promise.reject(Object.assign(new Error('no such container'), { statusCode: 404 }))
  expect(
    await logTailOf(
      containerWith(async () => Buffer.alloc(0)),
      50,
    ),
  ).toEqual([])
  expect(
    await logTailOf(
      containerWith(() => removed),
      50,
    ),
  ).toEqual([])
})

test('throws what else the engine refuses', async () => {
  const broken = Promise.reject(new Error('broken'))
  await expect(
    logTailOf(
      containerWith(() => broken),
      50,
    ),
  ).rejects.toThrow('broken')
})

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'archive-test-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** A real archive made by tar. */
function archiveOf(content: string | Buffer, format: string, name = 'ledger.ndjson'): Buffer {
  writeFileSync(join(folder, name), content)
  return execFileSync('tar', ['-C', folder, `--format=${format}`, '-cf', '-', name], { maxBuffer: 1e8 })
}

async function* inChunks(archive: Buffer, bytes: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < archive.length; at += bytes) yield archive.subarray(at, at + bytes)
}

async function read(archive: Buffer, chunkBytes = 65_536): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of firstFile(inChunks(archive, chunkBytes))) parts.push(part)
  return Buffer.concat(parts)
}

test.for([1, 100, 511, 512, 513, 65_536])('gives a file whole, in chunks of %i bytes', async (bytes) => {
  const content = 'x'.repeat(3_000)
  expect((await read(archiveOf(content, 'ustar'), bytes)).toString()).toBe(content)
})

test.for([0, 1, 512, 1_024, 70_000])('ends after %i bytes, before the padding', async (bytes) => {
  expect(await read(archiveOf(Buffer.alloc(bytes, 7), 'ustar'))).toEqual(Buffer.alloc(bytes, 7))
})

test.for(['gnu', 'pax'])('passes over the headers that a long name needs in format %s', async (format) => {
  const name = `${'n'.repeat(200)}.ndjson`
  expect((await read(archiveOf('content', format, name))).toString()).toBe('content')
})

test('fails when the archive is cut short', async () => {
  const archive = archiveOf('x'.repeat(3_000), 'ustar')
  await expect(read(archive.subarray(0, 1_000))).rejects.toThrow('ends before its first file does')
  await expect(read(archive.subarray(0, 100))).rejects.toThrow('ends before its first file does')
})
