import { createWriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { finished, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ContainerRuntimeClient } from 'testcontainers'

/** The container engine's API, through the client that Testcontainers uses. */
export type Docker = ContainerRuntimeClient['container']['dockerode']
export type ContainerHandle = ReturnType<Docker['getContainer']>
export type Inspection = Awaited<ReturnType<ContainerHandle['inspect']>>

/** The last lines of a container's log, newest last, even after it has ended. Empty when it is removed. */
export async function logTailOf(container: ContainerHandle, lines: number): Promise<string[]> {
  try {
    const log = await container.logs({ stdout: true, stderr: true, tail: lines, follow: false })
    return linesOf(framesOf(log))
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return []
    throw error
  }
}

function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/)
  if (lines.at(-1) === '') lines.pop()
  return lines
}

/**
 * Reads JSON lines that the engine sends for as long as something runs. `over` is called once, however the stream
 * ends. A line that the engine left unfinished is skipped.
 */
export function readJsonLines<T>(stream: Readable, see: (line: T) => void, over: () => void): void {
  const lines = createInterface({ input: stream })
  // readline emits the stream's error again; without a listener it would end this process.
  lines.on('error', () => undefined)
  lines.on('line', (text) => {
    const line = parsed<T>(text)
    if (line !== undefined) see(line)
  })
  finished(stream, { writable: false }, over)
}

function parsed<T>(text: string): T | undefined {
  try {
    return JSON.parse(text) as T
  } catch {
    return undefined
  }
}

const HEAD_BYTES = 8
const LENGTH_AT = 4

/** Unframes a log: stream number, three zeros, length (4 bytes, big-endian), text. */
export function framesOf(log: Buffer): string {
  const parts: Buffer[] = []
  for (let at = 0; at + HEAD_BYTES <= log.length; ) {
    const end = at + HEAD_BYTES + log.readUInt32BE(at + LENGTH_AT)
    parts.push(log.subarray(at + HEAD_BYTES, end))
    at = end
  }
  return Buffer.concat(parts).toString('utf8')
}

/** Copies a file out of a container, even after it has ended. */
export async function copyFileOut(container: ContainerHandle, from: string, to: string): Promise<void> {
  const archive = await container.getArchive({ path: from })
  await pipeline(Readable.from(firstFile(archive as AsyncIterable<Buffer>)), createWriteStream(to))
}

const BLOCK_BYTES = 512
/** ustar header (POSIX.1-2017, pax, "ustar Interchange Format"): size at 124, 12 bytes; type at 156. */
const SIZE_AT = 124
const SIZE_BYTES = 12
const TYPE_AT = 156
/** Regular files; the older format uses a zero byte. */
const REGULAR = new Set(['0', '\0'])

/** The content of the first regular file in a tar archive. */
export async function* firstFile(archive: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let waiting: Buffer = Buffer.alloc(0)
  let wanted: number | undefined
  let skip = 0
  for await (const chunk of archive) {
    waiting = waiting.length === 0 ? chunk : Buffer.concat([waiting, chunk])
    while (waiting.length > 0) {
      if (wanted !== undefined) {
        const part = waiting.subarray(0, wanted)
        wanted -= part.length
        if (part.length > 0) yield part
        if (wanted === 0) return
        waiting = Buffer.alloc(0)
      } else if (skip > 0) {
        const skipped = Math.min(skip, waiting.length)
        skip -= skipped
        waiting = waiting.subarray(skipped)
      } else {
        if (waiting.length < BLOCK_BYTES) break
        const size = sizeIn(waiting)
        const isFile = REGULAR.has(String.fromCharCode(waiting[TYPE_AT] ?? 0))
        waiting = waiting.subarray(BLOCK_BYTES)
        if (isFile && size === 0) return
        if (isFile) wanted = size
        else skip = Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES
      }
    }
  }
  throw new Error('the archive ends before its first file does')
}

/** Octal digits; from 8 GiB on a binary number with its first bit set (GNU tar). */
function sizeIn(header: Buffer): number {
  const field = header.subarray(SIZE_AT, SIZE_AT + SIZE_BYTES)
  if (((field[0] ?? 0) & 0x80) !== 0) return Number(field.readBigUInt64BE(SIZE_BYTES - 8))
  return Number.parseInt(field.toString('latin1'), 8) || 0
}
