interface Credentials {
  readonly user: string
  readonly pass: string
}

const MASKED = '***'

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
  const forms = formsOf(credentials)
  if (forms.length === 0) return (text) => text
  const pattern = new RegExp(forms.join('|'), 'gu')
  const mask = (text: string): string => text.replace(COMMAND, `$1${MASKED}`).replace(pattern, MASKED)
  masks.set(credentials, mask)
  return mask
}

/** The same for a token that stands alone, as that of an HTTP API. */
export function tokenMaskFor(token: string | undefined): (text: string) => string {
  return token === undefined ? (text) => text : secretMaskFor({ user: '', pass: token })
}

/** AUTH with an initial response (RFC 4954 4): base64 of mixed case, as no word or mechanism is. */
const COMMAND =
  /(\b[Aa][Uu][Tt][Hh]\s+[A-Za-z0-9_-]{1,20}\s+)(?=[^\s]*[a-z])(?=[^\s]*[A-Z])[A-Za-z0-9+/_-]{8,}={0,2}/gu

function formsOf({ user, pass }: Credentials): string[] {
  const dialogue = user === '' ? [] : dialogueForms(user)
  return [...dialogue, ...new Set(pass === '' ? [] : formsOfPassword(pass))]
}

/** What goes over the wire in place of the password. */
function dialogueForms(user: string): string[] {
  const plain = [`\0${user}\0`, `${user}\0${user}\0`, `${user}:`].flatMap((start) =>
    base64Beginning(start, '*'),
  )
  return [...plain, ...base64Beginning(`${user} `, '{36,}'), `${escaped(user)} [0-9a-fA-F]{32}`]
}

function formsOfPassword(pass: string): string[] {
  const encoded = Buffer.from(pass, 'utf8')
  return [
    ...(['base64', 'base64url'] as const).map((name) =>
      word(encoded.toString(name).replaceAll('=', ''), '={0,2}'),
    ),
    word(pass),
    // As it looks where its UTF-8 was read as Latin-1.
    word(encoded.toString('latin1')),
    word(encodeURIComponent(pass.toWellFormed())),
  ]
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
