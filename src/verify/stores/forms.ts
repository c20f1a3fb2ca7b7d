import { nearest } from '../../text/nearest.ts'
import { readImapUrl } from './imap-url.ts'
import { readSinkPort } from './sink-port.ts'

/**
 * How a kind of store is written and checked. Apart from how it is opened (registry.ts), because the options are read
 * where none of the packages that stores need may be reached, not even by an `import()`: in a Vitest configuration,
 * which Vite bundles whole.
 */
interface StoreForm {
  /** What stands before the colon. */
  readonly scheme: string
  /** How it is written, as `maildir:/path`. */
  readonly form: string
  /** What is wrong with the part after `scheme:`, as "has no path"; undefined when nothing is. */
  wrong(rest: string): string | undefined
}

/** A store as it was asked for, not opened yet. */
export interface StoreAddress {
  /** As it was given; may contain a password. */
  readonly text: string
  readonly scheme: StoreScheme
  readonly rest: string
}

const FORMS = [
  {
    scheme: 'sink',
    form: 'sink:PORT or sink:lmtp:PORT (booted for the run on 127.0.0.1; 2525 where no port is given)',
    wrong: (rest: string) => (readSinkPort(rest) === undefined ? 'names no port from 1 to 65535' : undefined),
  },
  { scheme: 'maildir', form: 'maildir:/path, with {user} and {domain} for many mailboxes', wrong: wrongPath },
  { scheme: 'mbox', form: 'mbox:/path, with {user} and {domain} for many mailboxes', wrong: wrongPath },
  {
    scheme: 'log',
    form: 'log:postfix[:/path], log:exim[:/path] (what the server wrote down of its deliveries)',
    wrong: (rest: string) =>
      readLog(rest) === undefined
        ? 'names no log: log:postfix, log:exim, or with :/path behind it'
        : undefined,
  },
  {
    scheme: 'imap',
    form: 'imap://user:password@host[:port][/folder], with {1..100} in the user for many mailboxes, or imap://host?accounts=users.csv',
    wrong: (rest: string) => wrongImapUrl('imap', rest),
  },
  {
    scheme: 'imaps',
    form: 'imaps://user:password@host[:port][/folder]',
    wrong: (rest: string) => wrongImapUrl('imaps', rest),
  },
  catcher('mailpit'),
  catcher('mailhog'),
  catcher('inbucket'),
  catcher('maildev'),
  catcher('smtp4dev'),
] as const satisfies readonly StoreForm[]

export type StoreScheme = (typeof FORMS)[number]['scheme']

/** Which server wrote a log, and where it is, behind `log:`. */
export function readLog(
  rest: string,
): { readonly server: string; readonly path: string | undefined } | undefined {
  const [, server, path] = /^(postfix|exim)(?::(\/.*))?$/.exec(rest) ?? []
  return server === undefined ? undefined : { server, path }
}

function wrongImapUrl(scheme: 'imap' | 'imaps', rest: string): string | undefined {
  const reading = readImapUrl(scheme, rest)
  return 'wrong' in reading ? reading.wrong : undefined
}

/** A mail catcher with an HTTP API. */
function catcher<Scheme extends string>(scheme: Scheme) {
  return { scheme, form: `${scheme}:http://host:port`, wrong: wrongHttpUrl }
}

/** What is wrong with the address of an HTTP API; undefined when nothing is. */
function wrongHttpUrl(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol))
    return 'has no URL such as http://127.0.0.1:8025 behind the colon'
  if (url.search !== '' || url.hash !== '')
    return 'has a URL with ? or #, and only the address of its page can stand there'
  return undefined
}

/** What may stand in STRESS_VERIFY. */
export const STORE_FORMS: readonly string[] = FORMS.map(({ form }) => form)

/** What a text asks for, or what is wrong with it. `none` asks for no store. */
export function readStoreAddress(
  text: string,
): { readonly value: StoreAddress | undefined } | { readonly wrong: string } {
  if (text === 'none') return { value: undefined }
  const [, scheme = text, rest = ''] = /^([a-z][a-z0-9]*)(?::(.*))?$/is.exec(text) ?? []
  const form = FORMS.find((known) => known.scheme === scheme.toLowerCase())
  if (form === undefined) {
    const meant = nearest(
      scheme,
      FORMS.map((known) => known.scheme),
    )
    return { wrong: meant === undefined ? 'is not known' : `is not known; did you mean ${meant}` }
  }
  const wrong = form.wrong(rest)
  return wrong === undefined ? { value: { text, scheme: form.scheme, rest } } : { wrong }
}

function wrongPath(path: string): string | undefined {
  if (path === '') return 'has no path'
  const odd = path.match(/\{[^}]*\}?/g)?.find((placeholder) => !/^\{(user|domain)\}$/.test(placeholder))
  return odd === undefined ? undefined : `has ${odd}, and only {user} and {domain} can stand there`
}

/** Without the password of a URL in it. */
export function maskLogin(text: string): string {
  return text.replace(/(\/\/[^/:@]*:)[^/]*(?=@)/, '$1***')
}
