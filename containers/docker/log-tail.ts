import type { ContainerHandle } from './dockerode.ts'

/** The last lines that a container wrote, newest last; it may have ended. None when it is removed. */
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

const HEAD_BYTES = 8
const LENGTH_AT = 4

/** The engine frames what it gives: stream number, three zeros, length (4 bytes, big-endian), text. */
export function framesOf(log: Buffer): string {
  const parts: Buffer[] = []
  for (let at = 0; at + HEAD_BYTES <= log.length; ) {
    const end = at + HEAD_BYTES + log.readUInt32BE(at + LENGTH_AT)
    parts.push(log.subarray(at + HEAD_BYTES, end))
    at = end
  }
  return Buffer.concat(parts).toString('utf8')
}
