interface Credentials {
  readonly user: string
  readonly pass: string
}

const MASKED = '***'

/**
 * A shorter password is masked only as a whole word: masking every `a` would leave no text. It is masked
 * however common the word is: text with a hole can still be read, but a leaked password cannot be taken back.
 */
const ANYWHERE_LENGTH = 6

const masks = new WeakMap<Credentials, (text: string) => string>()

/**
 * Masks our credentials in what a server repeats; some servers quote the line that they refuse. It finds the
 * password in clear and percent-encoded; in base64 the password, `user:pass`, and the responses of AUTH PLAIN
 * (RFC 4616) and CRAM-MD5 (RFC 2195), from which the password can be computed or guessed, even when cut short;
 * and anything after AUTH and its mechanism. The user name stays: it says who was refused.
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

/** The same for a bare token, such as that of an HTTP API. */
export function tokenMaskFor(token: string | undefined): (text: string) => string {
  return token === undefined ? (text) => text : secretMaskFor({ user: '', pass: token })
}

/** AUTH with an initial response (RFC 4954 4): mixed-case base64, unlike any word or mechanism. */
const COMMAND =
  /(\b[Aa][Uu][Tt][Hh]\s+[A-Za-z0-9_-]{1,20}\s+)(?=[^\s]*[a-z])(?=[^\s]*[A-Z])[A-Za-z0-9+/_-]{8,}={0,2}/gu

function formsOf({ user, pass }: Credentials): string[] {
  const dialogue = user === '' ? [] : dialogueForms(user)
  return [...dialogue, ...new Set(pass === '' ? [] : formsOfPassword(pass))]
}

/** What is sent in place of the password. */
function dialogueForms(user: string): string[] {
  // PLAIN, a pair as in HTTP, XOAUTH2, and OAUTHBEARER (RFC 7628 3.1).
  const bearers = [`user=${user}\x01auth=Bearer `, `n,a=${user},\x01auth=Bearer `]
  const plain = [`\0${user}\0`, `${user}\0${user}\0`, `${user}:`, ...bearers].flatMap((start) =>
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
    // UTF-8 that was read as Latin-1.
    word(encoded.toString('latin1')),
    word(encodeURIComponent(pass.toWellFormed())),
  ]
}

/** Matches base64 that begins like that of `start`, followed by as much as `repeats` says. */
function base64Beginning(start: string, repeats: string): string[] {
  const octets = Buffer.from(start, 'utf8')
  // Three octets make four characters (RFC 4648 4); an incomplete group depends on the octets after it.
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
