import { constants, type FileHandle, open } from 'node:fs/promises'
import { isFields } from './fields.ts'
import { condensedRun } from './long-run.ts'

/**
 * The members of a result that grow with the length of a run. They are written last (store.ts), so that
 * a list of a thousand runs reads a few kilobytes of each and not hours of timeline.
 */
export const BULKY = ['tenants', 'accounts', 'events', 'resource_usage', 'timeline', 'histograms'] as const

/** A line to each second and each sample: indented, they would be four times as long, and no easier to read. */
const ROWS = new Set<string>(['resource_usage', 'timeline', 'histograms'])

/** A result as its file holds it. */
export function resultJson(result: object): string {
  const members = Object.entries(condensedRun(result)).filter(([, value]) => value !== undefined)
  const isBulky = ([name]: [string, unknown]) => BULKY.some((bulky) => bulky === name)
  const ordered = [...members.filter((member) => !isBulky(member)), ...members.filter(isBulky)]
  const lines = ordered.map(([name, value]) => {
    const text = ROWS.has(name) ? rowByRow(value, '  ') : indented(value)
    return `  ${JSON.stringify(name)}: ${text}`
  })
  return `{\n${lines.join(',\n')}\n}\n`
}

function indented(value: unknown): string {
  return JSON.stringify(value, null, 2).replaceAll('\n', '\n  ')
}

function rowByRow(value: unknown, indent: string): string {
  const inner = `${indent}  `
  if (Array.isArray(value) && value.some((row) => typeof row === 'object'))
    return `[\n${value.map((row) => inner + JSON.stringify(row)).join(',\n')}\n${indent}]`
  if (!isFields(value) || Object.keys(value).length === 0) return JSON.stringify(value)
  const members = Object.entries(value).filter(([, one]) => one !== undefined)
  const lines = members.map(([name, one]) => `${inner}${JSON.stringify(name)}: ${rowByRow(one, inner)}`)
  return `{\n${lines.join(',\n')}\n${indent}}`
}

const FIRST_BYTES = 32 * 1024
const MOST_BYTES = 512 * 1024 * 1024

/**
 * A file's JSON, of a large one only what stands before its first bulky member. That is a shortcut and
 * not a parser: it holds for files that we have written, and any doubt ends in reading all of it.
 * Rejects with SyntaxError when it is not JSON, and with the file system's error.
 */
export async function readHead(path: string): Promise<unknown> {
  // A pipe that nobody writes to would be waited for: in the folder of results, by every list and every run.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const stats = await file.stat()
    if (!stats.isFile() && !stats.isDirectory())
      throw new SyntaxError('it is no file, but a pipe, a socket or a device')
    const { size } = stats
    if (size > FIRST_BYTES) {
      const head =
        headOf(await readStart(file, FIRST_BYTES)) ?? headOf(await readStart(file, 8 * FIRST_BYTES))
      if (head !== undefined) return head
    }
    if (size > MOST_BYTES) throw new SyntaxError(`it has ${size.toLocaleString('en-US')} bytes`)
    return JSON.parse(await readStart(file, size))
  } finally {
    await file.close()
  }
}

async function readStart(file: FileHandle, bytes: number): Promise<string> {
  const buffer = Buffer.allocUnsafe(bytes)
  let filled = 0
  while (filled < bytes) {
    const { bytesRead } = await file.read(buffer, filled, bytes - filled, filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.toString('utf8', 0, filled)
}

/** Two spaces stand before a member of the outermost object, as with `JSON.stringify(…, null, 2)`, and never elsewhere. */
const FIRST_BULKY = new RegExp(`,\\n  "(?:${BULKY.join('|')})": `)

/** Undefined when the text has no bulky member, or what lists need may stand behind it. */
function headOf(text: string): unknown {
  const at = text.search(FIRST_BULKY)
  if (at === -1) return undefined
  const start = `${text.slice(0, at)}\n}`
  // A file of an earlier version, in another order.
  if (!start.includes('\n  "backend": ') || !start.includes('\n  "metrics": ')) return undefined
  try {
    return JSON.parse(start)
  } catch {
    return undefined
  }
}
