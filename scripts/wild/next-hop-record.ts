import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { RECORDS_FOLDER } from './record.ts'

const count = z.int().min(0)
/** Null where nothing arrived. */
const figure = z.number().min(0).nullable()

/** What of one part, or of all together, is in the table. */
const figures = {
  accepted: count,
  /** Planned and not accepted. */
  not_accepted: count,
  accepted_per_second: figure,
  /** Of all mail while the part lasted. */
  delivered_per_second: figure,
  end_to_end_p50_ms: figure,
  end_to_end_p99_ms: figure,
  lost: count.nullable(),
  doubled: count.nullable(),
  damaged: count.nullable(),
  bounced: count,
  /** Of all mail while the part lasted. */
  deepest_queue: count.nullable(),
}

/** docs/servers/next-hop/NAME.json: the scenario `relay` through a server of test/wild. */
export const NextHopRecord = z.strictObject({
  format: z.literal('mailstorm-next-hop/1'),
  /** Name of its folder in test/wild. */
  server: z.string(),
  version: z.string(),
  mailstorm: z.string(),
  measured_at: z.iso.datetime(),
  parts: z.array(z.strictObject({ part: z.string(), next_hop: z.string(), ...figures })).min(2),
  together: z.strictObject({
    ...figures,
    misrouted: count,
    /** From the return of the next hop to the last arrival of what was left; null where nothing arrived. */
    drain_seconds: figure,
  }),
})
export type NextHopRecord = z.infer<typeof NextHopRecord>

export const NEXT_HOP_FOLDER = join(RECORDS_FOLDER, 'next-hop')

/** By server. Throws an error that names the file and what is wrong in it. */
export function readNextHopRecords(folder = NEXT_HOP_FOLDER): NextHopRecord[] {
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.json')) : []
  return files.toSorted().map((file) => {
    const path = join(folder, file)
    const read = NextHopRecord.safeParse(JSON.parse(readFileSync(path, 'utf8')))
    if (!read.success) throw new Error(`Failed to read ${path}: ${z.prettifyError(read.error)}`)
    return read.data
  })
}
