import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { RECORDS_FOLDER } from './record.ts'

const count = z.int().min(0)
/** Null where it was not timed. */
const figure = z.number().min(0).nullable()

/** docs/servers/relay/NAME.json: a server between mailstorm and a sink, every message accounted for. */
export const RelayRecord = z.strictObject({
  format: z.literal('mailstorm-relay/1'),
  /** Name of its folder in test/wild. */
  server: z.string(),
  version: z.string(),
  mailstorm: z.string(),
  measured_on: z.iso.date(),
  runs: z.array(
    z.strictObject({
      messages: count,
      accepted: count,
      /** All of its processes were killed in the middle, and started again with their queues. */
      killed: z.boolean(),
      accepted_per_second: figure,
      delivered_per_second: figure,
      end_to_end_p50_seconds: figure,
      end_to_end_p99_seconds: figure,
      /** Most messages that were between acknowledgement and arrival. */
      deepest_queue: count.nullable(),
      drain_seconds: figure,
      lost: count,
      doubled: count,
      damaged: count,
      bounced: count,
    }),
  ),
})
export type RelayRecord = z.infer<typeof RelayRecord>

/** By server. Throws an error that names the file and what is wrong in it. */
export function readRelayRecords(folder = join(RECORDS_FOLDER, 'relay')): RelayRecord[] {
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.json')) : []
  return files.toSorted().map((file) => {
    const path = join(folder, file)
    const read = RelayRecord.safeParse(JSON.parse(readFileSync(path, 'utf8')))
    if (!read.success) throw new Error(`Failed to read ${path}: ${z.prettifyError(read.error)}`)
    return read.data
  })
}
