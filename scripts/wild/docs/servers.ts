import { QUESTIONS } from '../../../src/probe/probe.ts'
import type { ProbeVerdict } from '../../../src/probe/report.ts'
import { type Guess, readGuesses } from '../guesses.ts'
import { figuresOf, readRecords, type ServerRecord } from '../record.ts'
import { readServerFile, type ServerFile, serverNames } from '../server-file.ts'

/** A server with what is known and what was measured of it. */
export interface Server {
  readonly name: string
  readonly file: ServerFile
  readonly record: ServerRecord
  readonly guesses: readonly Guess[]
}

/** All that were measured, by title. */
export function readServers(): Server[] {
  const records = readRecords()
  return serverNames()
    .flatMap((name) => {
      const record = records.get(name)
      if (record === undefined) return []
      return [{ name, file: readServerFile(name), record, guesses: readGuesses(name) ?? [] }]
    })
    .toSorted((one, other) => one.file.title.localeCompare(other.file.title, 'en', { sensitivity: 'base' }))
}

/** The first and the last day of measurements, as `2026-11-30`; of a single day that. */
export function daysOf(servers: readonly Server[]): string {
  const days = servers
    .flatMap(({ record }) => Object.values(record.steps).map((step) => step?.measured_at.slice(0, 10) ?? ''))
    .filter((day) => day !== '')
    .toSorted()
  const [first = '', last = first] = [days[0], days.at(-1)]
  return first === last ? first : `${first} to ${last}`
}

/** Versions of mailstorm that measured. */
export function measuredWith(servers: readonly Server[]): string {
  const versions = servers.flatMap(({ record }) =>
    Object.values(record.steps).map((step) => step?.mailstorm ?? ''),
  )
  return [...new Set(versions)].filter((version) => version !== '').join(', ')
}

export interface Judged {
  readonly id: string
  readonly title: string
  /** Without the word RFC. */
  readonly rfc: string
  readonly verdict: ProbeVerdict
  readonly came: string
  readonly note: string
}

/** The questions of the probe in order, with what a server did. */
export function judgedOf({ record }: Server): Judged[] {
  const rows = new Map(figuresOf(record, 'probe')?.rows.map((row) => [row.id, row]))
  return QUESTIONS.flatMap(({ id, title, rfc }) => {
    const row = rows.get(id)
    return row === undefined ? [] : [{ ...row, title, rfc: rfc.replace(/^RFC /, '') }]
  })
}

export { QUESTIONS }

/** Lines of its reply to EHLO, as `SIZE 10240000`; undefined when it was not asked. */
export function extensionsOf({ record }: Server): readonly string[] | undefined {
  return figuresOf(record, 'offers')?.extensions
}

export function extensionOf(server: Server, keyword: string): string | undefined {
  const line = extensionsOf(server)?.find((offered) => offered.split(' ')[0]?.toUpperCase() === keyword)
  return line?.slice(keyword.length).trim()
}
