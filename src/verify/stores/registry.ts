import { MailstormError } from '../../error.ts'
import type { Store, StoreContext } from '../store.ts'
import {
  maskLogin,
  readLog,
  readStoreAddress,
  STORE_FORMS,
  type StoreAddress,
  type StoreScheme,
} from './forms.ts'
import type { MailCatcher } from './http/http-store.ts'
import { readImapUrl } from './imap-url.ts'
import { DEFAULT_SINK, readSinkPort } from './sink-port.ts'

/** Opens a kind of store, given what stands behind its scheme. What it needs is loaded then. */
type Opener = (rest: string, context: StoreContext) => Promise<Store>

const OPENERS: Readonly<Record<StoreScheme, Opener>> = {
  sink: async (rest, context) =>
    (await import('./sink.ts')).openSink(readSinkPort(rest) ?? DEFAULT_SINK, context),
  maildir: async (path) => new (await import('./maildir.ts')).MaildirStore(path),
  mbox: async (path) => new (await import('./mbox.ts')).MboxStore(path),
  log: async (rest, context) => {
    const { LogStore } = await import('./log.ts')
    const { EXIM_LOG, POSTFIX_LOG } = await import('./log-lines.ts')
    const log = readLog(rest)
    return new LogStore(log?.server === 'exim' ? EXIM_LOG : POSTFIX_LOG, log?.path, context)
  },
  imap: imap('imap'),
  imaps: imap('imaps'),
  mailpit: catcher(async (url, context) => new (await import('./http/mailpit.ts')).Mailpit(url, context)),
  mailhog: catcher(async (url, context) => new (await import('./http/mailhog.ts')).Mailhog(url, context)),
  inbucket: catcher(async (url, context) => new (await import('./http/inbucket.ts')).Inbucket(url, context)),
  maildev: catcher(async (url, context) => new (await import('./http/maildev.ts')).Maildev(url, context)),
  smtp4dev: catcher(async (url, context) => new (await import('./http/smtp4dev.ts')).Smtp4dev(url, context)),
}

function imap(scheme: 'imap' | 'imaps'): Opener {
  return async (rest, context) => {
    const reading = readImapUrl(scheme, rest)
    if ('wrong' in reading) throw new RangeError(`no address of IMAP: it ${reading.wrong}`)
    return new (await import('./imap.ts')).ImapStore(reading.value, context)
  }
}

/** A mail catcher with an HTTP API. */
function catcher(open: (url: URL, context: StoreContext) => Promise<MailCatcher>): Opener {
  return async (url, context) =>
    new (await import('./http/http-store.ts')).HttpStore(await open(new URL(url), context))
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
  return OPENERS[scheme](rest, context)
}
