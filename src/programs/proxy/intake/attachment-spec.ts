import { Unacceptable } from './mailbox.ts'

export const FETCH_MODES = ['base64', 'endpoint', 'http_url', 'filesystem'] as const
export type FetchMode = (typeof FETCH_MODES)[number]

/** An attachment as a message names it: where its content is, not the content (except for base64). */
export interface AttachmentSpec {
  /** As recipients see it, without markers. */
  readonly filename: string
  readonly mimeType: string | undefined
  /** Id by which the HTML displays it, as `cid:logo@example` (RFC 2392); undefined: not displayed inside. */
  readonly contentId?: string | undefined
  readonly mode: FetchMode
  /** Path, URL or base64, depending on the mode. */
  readonly source: string
  /** 32 lower-case hex digits, from `content_md5`, else from the marker in the name. */
  readonly md5: string | undefined
  readonly auth: AttachmentAuth | undefined
}

export interface AttachmentAuth {
  readonly method: 'none' | 'bearer' | 'basic'
  readonly token?: string
  readonly user?: string
  readonly password?: string
}

const MARKER = /\{MD5:([0-9a-f]+)\}/i
const MARKERS = /\{MD5:[0-9a-f]+\}/gi
const MD5 = /^[0-9a-f]{32}$/
const HTTP_URL = /^https?:\/\//i
const BASE64_PREFIX = 'base64:'
/**
 * RFC 2045 5.1: type, subtype, parameters. No multipart types: such a part would need parts of its own (RFC
 * 2046 5.1).
 */
const MIME_TYPE =
  /^(?!multipart\/)[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:\s*;\s*[\w!#$&^.+*-]+=(?:[\w!#$&^.+*%'-]+|"[^"\\\p{Cc}]*"))*\s*;?$/iu
const MAX_MIME_TYPE_LENGTH = 255
const MAX_FILENAME_LENGTH = 255
const MAX_SOURCE_LENGTH = 4_096
export const MAX_ATTACHMENTS = 100

export function attachmentSpecs(given: unknown): AttachmentSpec[] {
  if (given === undefined || given === null) return []
  if (!Array.isArray(given)) throw new Unacceptable('attachments has to be a list')
  if (given.length > MAX_ATTACHMENTS)
    throw new Unacceptable(`attachments has more than ${MAX_ATTACHMENTS} items`)
  return given.map((item, index) => attachmentSpec(item, `attachments[${index}]`))
}

function attachmentSpec(given: unknown, at: string): AttachmentSpec {
  if (typeof given !== 'object' || given === null) throw new Unacceptable(`${at} has to be an object`)
  const item = given as Record<string, unknown>
  const name = text(item.filename, `${at}.filename`, MAX_FILENAME_LENGTH)
  const where = sourceOf(item, at)
  const { source, auth } = credentialsOf(where, authOf(item.auth, at), at)
  return {
    filename: withoutMarkers(name),
    contentId: contentIdOf(item.content_id, at),
    mimeType: mimeTypeOf(item.mime_type ?? item.content_type, at),
    mode: where.mode,
    source,
    md5: md5Of(item.content_md5, name, at),
    auth,
  }
}

/** As in genro-mail-proxy: a value without a slash is ignored, and the file name's extension decides. */
function mimeTypeOf(given: unknown, at: string): string | undefined {
  if (typeof given !== 'string' || !given.includes('/')) return undefined
  const type = given.trim()
  if (type.length > MAX_MIME_TYPE_LENGTH || !MIME_TYPE.test(type) || /[^ -~]/.test(type))
    throw new Unacceptable(
      `${at}.mime_type has ${JSON.stringify(type.slice(0, 100))}, which is not a media type of one part`,
    )
  return type
}

/**
 * The clients of genro-mail-proxy's pressure test put base64 into `content`; the proxy's own key is
 * `storage_path`.
 */
function sourceOf(item: Record<string, unknown>, at: string): Pick<AttachmentSpec, 'mode' | 'source'> {
  if (item.storage_path === undefined && typeof item.content === 'string')
    return { mode: 'base64', source: item.content }
  const path = text(item.storage_path, `${at}.storage_path`, Number.POSITIVE_INFINITY)
  const mode = FETCH_MODES.find((known) => known === item.fetch_mode) ?? detected(path, at)
  if (item.fetch_mode !== undefined && item.fetch_mode !== null && mode !== item.fetch_mode)
    throw new Unacceptable(`${at}.fetch_mode has to be ${FETCH_MODES.join(', ')}`)
  if (mode === 'http_url' && !HTTP_URL.test(path))
    throw new Unacceptable(`${at}.storage_path has to begin with http:// or https:// for fetch_mode http_url`)
  const source = mode === 'base64' && path.startsWith(BASE64_PREFIX) ? path.slice(BASE64_PREFIX.length) : path
  if (mode !== 'base64' && source.length > MAX_SOURCE_LENGTH)
    throw new Unacceptable(`${at}.storage_path is longer than ${MAX_SOURCE_LENGTH}`)
  return { mode, source }
}

/**
 * `https://user:password@host/…` (RFC 3986 3.2.1): credentials are stored separately, so that no list or error
 * shows them.
 */
function credentialsOf(
  { mode, source }: Pick<AttachmentSpec, 'mode' | 'source'>,
  auth: AttachmentAuth | undefined,
  at: string,
): Pick<AttachmentSpec, 'source' | 'auth'> {
  const url = mode === 'http_url' ? URL.parse(source) : null
  if (url === null || (url.username === '' && url.password === '')) return { source, auth }
  if (auth !== undefined) throw new Unacceptable(`${at} has credentials in its URL and in auth`)
  const [user, password] = [url.username, url.password].map((part) => decoded(part, at))
  if (/\p{Cc}/u.test(`${user}${password}`))
    throw new Unacceptable(`${at}.storage_path has control characters`)
  url.username = ''
  url.password = ''
  return { source: url.href, auth: { method: 'basic', user: user ?? '', password: password ?? '' } }
}

function decoded(part: string, at: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw new Unacceptable(`${at}.storage_path has credentials that are not percent-encoded UTF-8`)
  }
}

function detected(path: string, at: string): FetchMode {
  if (path.startsWith(BASE64_PREFIX)) return 'base64'
  if (HTTP_URL.test(path)) return 'http_url'
  // Neither a path of the tenant's endpoint nor anything that could be fetched.
  if (/^file:/i.test(path))
    throw new Unacceptable(`${at}.storage_path has the scheme file; a file is named by its absolute path`)
  return path.startsWith('/') ? 'filesystem' : 'endpoint'
}

/** RFC 2045 7: a message id without its angle brackets, which are accepted too. */
function contentIdOf(given: unknown, at: string): string | undefined {
  if (given === undefined || given === null || given === '') return undefined
  const id = typeof given === 'string' ? given.replace(/^<(.*)>$/, '$1') : ''
  if (!/^[!-;=?-~]{1,250}$/.test(id))
    throw new Unacceptable(`${at}.content_id has to be an id of ASCII characters, such as logo@example`)
  return id
}

function md5Of(given: unknown, name: string, at: string): string | undefined {
  const md5 = given === undefined || given === null ? MARKER.exec(name)?.[1] : given
  if (md5 === undefined) return undefined
  const digits = String(md5).toLowerCase()
  if (!MD5.test(digits)) throw new Unacceptable(`${at} has an MD5 that is not 32 hex digits`)
  return digits
}

/**
 * As genro-mail-proxy names them: `document_{MD5:…}.bin` becomes `document.bin`, `{MD5:…}.pdf` becomes `.pdf`.
 */
export function withoutMarkers(name: string): string {
  if (!MARKER.test(name)) return name
  const collapsed = name.replace(MARKERS, '').replace(/_+/g, '_')
  return collapsed.replace(/^_|_$/g, '').replace(/_\./g, '.') || 'attachment'
}

function authOf(given: unknown, at: string): AttachmentAuth | undefined {
  if (given === undefined || given === null) return undefined
  const { method, token, user, password } = given as Record<string, unknown>
  if (method !== 'none' && method !== 'bearer' && method !== 'basic')
    throw new Unacceptable(`${at}.auth.method has to be none, bearer, basic`)
  const given_ = { token, user, password }
  const texts = Object.entries(given_).filter((pair): pair is [string, string] => typeof pair[1] === 'string')
  if (texts.some(([, value]) => /\p{Cc}/u.test(value)))
    throw new Unacceptable(`${at}.auth has control characters`)
  return { method, ...Object.fromEntries(texts) }
}

function text(given: unknown, field: string, maxLength: number): string {
  if (typeof given !== 'string' || given === '') throw new Unacceptable(`missing ${field}`)
  if (given.length > maxLength) throw new Unacceptable(`${field} is longer than ${maxLength}`)
  // A base64 source may be folded; all others have a single line.
  const isOdd = /[^\P{Cc}\r\n\t]|\p{Cs}/u.test(given)
  if (isOdd || (maxLength < Number.POSITIVE_INFINITY && /[\r\n\t]/.test(given)))
    throw new Unacceptable(`${field} has control characters or lone surrogates`)
  return given
}
