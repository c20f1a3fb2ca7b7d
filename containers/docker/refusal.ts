import { errorText, MailstormError } from '../../src/error.ts'

/** Engine errors, in words that help the user. */
const REFUSALS: readonly (readonly [pattern: RegExp, why: (found: RegExpExecArray) => string])[] = [
  [
    /(?:Bind for |listen tcp\d? )(\S+?:\d+)[^\n]*(?:already allocated|already in use)/,
    ([, address]) =>
      `port ${address} is taken: stop what listens there, or choose another port (0 = any free one)`,
  ],
  [
    /no space left on device/i,
    () => 'the disk of the container engine is full: make room there (docker system prune)',
  ],
  [
    /no such host|dial tcp|i\/o timeout|TLS handshake timeout|connection refused/,
    () => 'its registry cannot be reached',
  ],
  [
    /manifest (?:for .* )?(?:unknown|not found)|repository does not exist|pull access denied/,
    () => 'its registry has no such image',
  ],
  [/no such image/i, () => 'the engine has no such image'],
]

/** One clause, without a full stop. */
export function reasonOf(error: unknown): string {
  // Already translated.
  if (error instanceof MailstormError) return error.message.replace(/\.(\n.*)?$/s, '')
  const text = messageOf(error)
  for (const [pattern, why] of REFUSALS) {
    const found = pattern.exec(text)
    if (found !== null) return why(found)
  }
  return text
}

/** docker-modem: `(HTTP code 500) server error - Get "https://…": …`. */
function messageOf(error: unknown): string {
  const text = errorText(error)
  return text
    .replace(/^\(HTTP code \d+\) [^-]* - /, '')
    .trim()
    .replace(/\.$/, '')
}
