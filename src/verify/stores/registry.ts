import { MailstormError } from '../../error.ts'
import { nearest } from '../../nearest.ts'
import type { Store, StoreContext } from '../store.ts'
import type { MailCatcher } from './http-store.ts'
import { readImapUrl } from './imap-url.ts'
import { DEFAULT_SINK, readSinkPort } from './sink-port.ts'

/** A kind of store: how it is written, checked and opened. What it needs is loaded when it is opened. */
export interface StoreForm {
  /** What stands before the colon. */
  readonly scheme: string
  /** How it is written, as `maildir:/path`. */
  readonly form: string
  /** What is wrong with the part after `scheme:`, as "has no path"; undefined when nothing is. */
  wrong(rest: string): string | undefined
  open(rest: string, context: StoreContext): Promise<Store>
}

/** A store as it was asked for, not opened yet. */
export interface StoreAddress {
  /** As it was given; may contain a password. */
  readonly text: string
  readonly scheme: string
  readonly rest: string
}

const FORMS: readonly StoreForm[] = [
  {
    scheme: 'sink',
    form: 'sink:PORT or sink:lmtp:PORT (booted for the run on 127.0.0.1; 2525 where no port is given)',
    wrong: (rest) => (readSinkPort(rest) === undefined ? 'names no port from 1 to 65535' : undefined),
    open: async (rest, context) =>
      (await import('./sink.ts')).openSink(readSinkPort(rest) ?? DEFAULT_SINK, context),
  },
  {
    scheme: 'maildir',
    form: 'maildir:/path, with {user} and {domain} for many mailboxes',
    wrong: wrongPath,
    open: async (path) => new (await import('./maildir.ts')).MaildirStore(path),
  },
  {
    scheme: 'mbox',
    form: 'mbox:/path, with {user} and {domain} for many mailboxes',
    wrong: wrongPath,
    open: async (path) => new (await import('./mbox.ts')).MboxStore(path),
  },
  {
    scheme: 'log',
    form: 'log:postfix[:/path], log:exim[:/path] (what the server wrote down of its deliveries)',
    wrong: (rest) =>
      readLog(rest) === undefined
        ? 'names no log: log:postfix, log:exim, or with :/path behind it'
        : undefined,
    async open(rest, context) {
      const { LogStore } = await import('./log.ts')
      const { EXIM_LOG, POSTFIX_LOG } = await import('./log-lines.ts')
      const log = readLog(rest)
      return new LogStore(log?.server === 'exim' ? EXIM_LOG : POSTFIX_LOG, log?.path, context)
    },
  },
  imap('imap'),
  imap('imaps'),
  catcher('mailpit', async (url, context) => new (await import('./mailpit.ts')).Mailpit(url, context)),
  catcher('mailhog', async (url, context) => new (await import('./mailhog.ts')).Mailhog(url, context)),
  catcher('inbucket', async (url, context) => new (await import('./inbucket.ts')).Inbucket(url, context)),
  catcher('maildev', async (url, context) => new (await import('./maildev.ts')).Maildev(url, context)),
  catcher('smtp4dev', async (url, context) => new (await import('./smtp4dev.ts')).Smtp4dev(url, context)),
]

function readLog(rest: string): { readonly server: string; readonly path: string | undefined } | undefined {
  const [, server, path] = /^(postfix|exim)(?::(\/.*))?$/.exec(rest) ?? []
  return server === undefined ? undefined : { server, path }
}

function imap(scheme: 'imap' | 'imaps'): StoreForm {
  return {
    scheme,
    form:
      scheme === 'imaps'
        ? 'imaps://user:password@host[:port][/folder]'
        : 'imap://user:password@host[:port][/folder], with {1..100} in the user for many mailboxes',
    wrong: (rest) => {
      const reading = readImapUrl(scheme, rest)
      return 'wrong' in reading ? reading.wrong : undefined
    },
    open: async (rest, context) => {
      const reading = readImapUrl(scheme, rest)
      if ('wrong' in reading) throw new RangeError(`no address of IMAP: it ${reading.wrong}`)
      return new (await import('./imap.ts')).ImapStore(reading.value, context)
    },
  }
}

/** A mail catcher with an HTTP API. */
function catcher(scheme: string, open: (url: URL, context: StoreContext) => Promise<MailCatcher>): StoreForm {
  return {
    scheme,
    form: `${scheme}:http://host:port`,
    wrong: wrongHttpUrl,
    open: async (url, context) =>
      new (await import('./http-store.ts')).HttpStore(await open(new URL(url), context)),
  }
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

/** The store that a value of STRESS_VERIFY asks for; undefined for `none`. Throws MailstormError for a bad value. */
export async function storeOf(text: string, context: StoreContext): Promise<Store | undefined> {
  const reading = readStoreAddress(text)
  if ('wrong' in reading) {
    throw new MailstormError(
      'BAD_OPTIONS',
      `Failed to read where the mail ends up: ${JSON.stringify(maskLogin(text))} ${reading.wrong}. Allowed: ${STORE_FORMS.join('; ')}; none.`,
    )
  }
  return reading.value === undefined ? undefined : openStore(reading.value, context)
}

/** Opens a store; nothing is read yet. */
export function openStore({ scheme, rest }: StoreAddress, context: StoreContext): Promise<Store> {
  const form = FORMS.find((known) => known.scheme === scheme)
  if (form === undefined) throw new RangeError(`there is no store of the scheme ${scheme}`)
  return form.open(rest, context)
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
