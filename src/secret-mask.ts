interface Credentials {
  readonly user: string
  readonly pass: string
}

export const MASKED = '***'

/**
 * A password of fewer characters is masked as a word only, not inside of words: `a` would leave no text at all.
 * It is masked however common it is: a text with a hole can still be read, a password cannot be unread.
 */
const ANYWHERE_LENGTH = 6

const masks = new WeakMap<Credentials, (text: string) => string>()

/**
 * Masks what a server repeats of the credentials that we gave it: some quote the line that they refuse. Found
 * are the password in clear and percent-encoded; in base64 the password, `user:pass`, and the answers of AUTH
 * PLAIN (RFC 4616) and CRAM-MD5 (RFC 2195), from which it can be computed or guessed; these also when they are
 * cut short, and whatever else stands behind AUTH and its mechanism. The user's name stays: it tells who was
 * refused.
 */
export function secretMaskFor(credentials: Credentials): (text: string) => string {
  const known = masks.get(credentials)
  if (known !== undefined) return known
  const pattern = new RegExp(formsOf(credentials).join('|'), 'gu')
  const mask = (text: string): string => text.replace(COMMAND, `$1${MASKED}`).replace(pattern, MASKED)
  masks.set(credentials, mask)
  return mask
}

/** AUTH with an initial response (RFC 4954 4): base64 of mixed case, as no word or mechanism is. */
const COMMAND =
  /(\b[Aa][Uu][Tt][Hh]\s+[A-Za-z0-9_-]{1,20}\s+)(?=[^\s]*[a-z])(?=[^\s]*[A-Z])[A-Za-z0-9+/_-]{8,}={0,2}/gu

function formsOf({ user, pass }: Credentials): string[] {
  const answers = [`\0${user}\0`, `${user}\0${user}\0`, `${user}:`].flatMap((start) =>
    base64Beginning(start, '*'),
  )
  const cramMd5 = [...base64Beginning(`${user} `, '{36,}'), `${escaped(user)} [0-9a-fA-F]{32}`]
  if (pass === '') return [...answers, ...cramMd5]
  const encoded = Buffer.from(pass, 'utf8')
  const base64 = ['base64', 'base64url'] as const
  const forms = [
    ...base64.flatMap((name) => [word(encoded.toString(name).replaceAll('=', ''), '={0,2}')]),
    word(pass),
    // As it looks where its UTF-8 was read as Latin-1.
    word(encoded.toString('latin1')),
    word(encodeURIComponent(pass.toWellFormed())),
  ]
  return [...answers, ...cramMd5, ...new Set(forms)]
}

/** Whatever base64 begins as that of `start` does, with as much behind it as `repeats` says. */
function base64Beginning(start: string, repeats: string): string[] {
  const octets = Buffer.from(start, 'utf8')
  // Three octets are four characters (RFC 4648 4): of those that are not complete the next ones decide.
  const whole = octets.subarray(0, octets.length - (octets.length % 3)).toString('base64')
  return whole.length < 4 ? [] : [`(?<![A-Za-z0-9+/])${escaped(whole)}[A-Za-z0-9+/_-]${repeats}={0,2}`]
}

function word(text: string, behind = ''): string {
  const literal = `${escaped(text)}${behind}`
  return [...text].length >= ANYWHERE_LENGTH ? literal : `(?<![\\p{L}\\p{N}])${literal}(?![\\p{L}\\p{N}])`
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/gu, '\\$&')
}
