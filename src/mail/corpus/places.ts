import * as fs from 'node:fs'
import { basename, isAbsolute, join, relative } from 'node:path'
import { errorText, MailstormError } from '../../error.ts'

/** One place of a corpus as it was asked for: `mails/newsletters:70`. */
export interface Place {
  /** A file, a folder, or a glob. */
  readonly path: string
  /** Share of the messages, in relation to the other places; undefined where all messages are alike. */
  readonly weight: number | undefined
}

const WEIGHTED = /^(.+):(\d+(?:\.\d+)?)$/
const GLOB = /[*?[{]/

/**
 * `mails`, or `mails/newsletters:70,mails/attachments:30`. What exists under the whole text is taken as it is;
 * commas in braces are a glob's.
 */
export function placesOf(spelling: string): readonly Place[] {
  const parts = exists(spelling) ? [spelling] : spelling.split(/,(?![^{]*\})/).map((part) => part.trim())
  const places = parts.map((part): Place => {
    const [, path, weight] = (exists(part) ? undefined : WEIGHTED.exec(part)) ?? []
    return path === undefined ? { path: part, weight: undefined } : { path, weight: Number(weight) }
  })
  const [blank] = places.filter(({ path }) => path === '')
  if (blank !== undefined)
    throw badCorpus(
      `"${spelling}" has a place without a name`,
      'Name folders, files or globs: mails,archive.mbox',
    )
  const unweighted = places.find(({ weight }) => weight === undefined)
  if (unweighted !== undefined && places.some(({ weight }) => weight !== undefined))
    throw badCorpus(
      `"${unweighted.path}" has no weight, and others have one`,
      'Give each place a weight, or none: mails/newsletters:70,mails/attachments:30',
    )
  if (places.some(({ weight }) => weight === 0))
    throw badCorpus(
      `"${spelling}" has a place of weight 0`,
      'Leave the place out, or give it a weight above 0.',
    )
  return places
}

/** Its places as they were given, without the folders above those that are named by their whole path. */
export function corpusName(spelling: string): string {
  const names = placesOf(spelling).map(({ path, weight }) => {
    const inside = relative(process.cwd(), path)
    const name = isAbsolute(path) && inside.startsWith('..') ? basename(path) : inside || '.'
    return weight === undefined ? name : `${name}:${weight}`
  })
  return names.join(',')
}

/** `hint`: what to do. */
export function badCorpus(why: string, hint: string): MailstormError {
  return new MailstormError('BAD_CORPUS', `Failed to read the corpus: ${why}.`, hint)
}

function exists(path: string): boolean {
  return path !== '' && fs.existsSync(path)
}

/**
 * The files of a place that hold mail, in an order that is the same everywhere. In a folder that is every file
 * below it whose name does not begin with a dot; of a Maildir, what is in `cur` and `new`.
 */
export function filesOf({ path }: Place): readonly string[] {
  if (exists(path)) return isFolder(path) ? filesBelow(path) : [path]
  if (!GLOB.test(path)) throw badCorpus(`there is no file or folder "${path}"`, 'Check the path.')
  // Node 20 has no glob.
  const { globSync } = fs as Partial<typeof fs>
  if (globSync === undefined)
    throw badCorpus(`"${path}" is a glob, which needs Node 22 or newer`, 'Name folders or files.')
  const files = globSync(path).flatMap((found) => (isFolder(found) ? filesBelow(found) : [found]))
  if (files.length === 0) throw badCorpus(`nothing matches "${path}"`, 'Check the glob.')
  return [...new Set(files)].sort(byOctets)
}

function filesBelow(folder: string): string[] {
  const entries = entriesOf(folder)
  const folders = new Set(entries.filter((entry) => entry.isDirectory()).map(({ name }) => name))
  if (folders.has('cur') && folders.has('new')) return filesOfMaildir(folder, entries)
  return entries
    .filter(({ name }) => !name.startsWith('.'))
    .sort((one, other) => byOctets(one.name, other.name))
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return filesBelow(path)
      // A link to a folder could lead back.
      return entry.isSymbolicLink() && isFolder(path) ? [] : [path]
    })
}

/** https://cr.yp.to/proto/maildir.html: what is in `tmp` is not delivered. Its folders, as of Maildir++, stand in it. */
function filesOfMaildir(folder: string, entries: readonly fs.Dirent[]): string[] {
  const messages = ['cur', 'new'].flatMap((name) => {
    const names = entriesOf(join(folder, name)).filter(
      (entry) => !entry.isDirectory() && !entry.name.startsWith('.'),
    )
    return names.map((entry) => join(folder, name, entry.name))
  })
  const others = entries.filter((entry) => entry.isDirectory() && isFolder(join(folder, entry.name, 'cur')))
  return [
    ...messages.sort(byOctets),
    ...others
      .map(({ name }) => join(folder, name))
      .sort(byOctets)
      .flatMap(filesBelow),
  ]
}

function entriesOf(folder: string): fs.Dirent[] {
  try {
    return fs.readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    throw badCorpus(`the folder "${folder}" cannot be read (${errorText(error)})`, 'Check its permissions.')
  }
}

function isFolder(path: string): boolean {
  return fs.statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

/** Not by locale: every generator has the same order. */
function byOctets(one: string, other: string): number {
  if (one === other) return 0
  return one < other ? -1 : 1
}
