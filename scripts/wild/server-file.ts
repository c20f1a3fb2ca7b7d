import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

/** The folders test/wild/NAME: a server each. */
export const WILD_FOLDER = join(import.meta.dirname, '../../test/wild')

/** Where `count` finds the number of messages that a server took. */
export const COUNTED_BY = ['log', 'http', 'files', 'memory', 'none'] as const

/**
 * test/wild/NAME/server.json: what of a server is known and cannot be measured. Texts are Markdown in a line.
 */
export const ServerFile = z.strictObject({
  /** As its makers write it: `Postfix`; of two versions with what tells them apart: `Postfix (Debian 13)`. */
  title: z.string().min(1),
  /** The version that `package` pins, or that the distribution has. */
  version: z.string().min(1),
  /** Where it comes from: `Debian 12: postfix`, `npm: Haraka`, `Maven: com.icegreen:greenmail`. */
  from: z.string().regex(/^[^:]+: ./),
  homepage: z.url().optional(),
  /** `relay`: a mail server; `catcher`: keeps mail for tests to look at; `library`: part of somebody's program. */
  kind: z.enum(['relay', 'catcher', 'library']),
  /** What the arguments of `start` are, in order; the first is where mail goes in. */
  ports: z.tuple([z.enum(['smtp', 'lmtp'])]).rest(z.enum(['http', 'imap', 'imaps', 'pop3', 'other'])),
  /** Whom it takes mail for. */
  recipient: z.string().default('recipient@mailstorm.test'),
  /** Login, of a server that takes no mail without one. */
  auth: z.strictObject({ user: z.string(), pass: z.string() }).optional(),
  /** Workers of a load, of a server that refuses sessions beyond (default 10), and messages of a session (default 50). */
  workers: z.int().min(1).optional(),
  messages_per_session: z.int().min(1).optional(),
  /** Why its load is another than that of the others. */
  load_note: z.string().optional(),
  /** What becomes of a message that it took, here: `is written to the queue, and discarded from there`. */
  keeps: z.string(),
  counted_by: z.enum(COUNTED_BY),
  /** What `count` counts, or, for `none`, why nothing can be counted. */
  counted: z.string(),
  /** Arguments of `start` behind the ports: for loads, such as those with which its store keeps everything … */
  load_arguments: z.array(z.string()).default([]),
  /** … and those with which its store is as it comes, for the question what it keeps. */
  store_arguments: z.array(z.string()).default([]),
  /** The store of `STRESS_VERIFY` that reads it, as `mailpit:http://127.0.0.1:8025`. */
  verify: z.string().optional(),
  /** What a user of it meets, each with a title of some words and a text; what was guessed wrong above all. */
  notes: z.array(z.strictObject({ title: z.string(), text: z.string() })).default([]),
})
export type ServerFile = z.infer<typeof ServerFile>

/** Names of all servers with a server.json, in order. */
export function serverNames(folder = WILD_FOLDER): string[] {
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, 'server.json')))
    .toSorted()
}

/** Throws an error that names the file and every field that is wrong. */
export function readServerFile(name: string, folder = WILD_FOLDER): ServerFile {
  const path = join(folder, name, 'server.json')
  const read = ServerFile.safeParse(JSON.parse(readFileSync(path, 'utf8')))
  if (!read.success) throw new Error(`Failed to read ${path}: ${z.prettifyError(read.error)}`)
  const hasCount = existsSync(join(folder, name, 'count'))
  if (hasCount !== (read.data.counted_by !== 'none'))
    throw new Error(
      `Failed to read ${path}: counted_by is ${read.data.counted_by}, and there is ${hasCount ? 'a' : 'no'} test/wild/${name}/count.`,
    )
  return read.data
}
