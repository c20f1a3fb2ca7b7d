import { type Kind, kind, matching, type Reading, trueOrFalse } from '../../options/kind.ts'
import {
  optional,
  readSettings,
  type SettingValues,
  setting,
  settingsError,
  unknownVariables,
} from '../../options/settings.ts'
import { JIM_DEFAULTS, type JimConfig } from './jim.ts'

export interface BindAddress {
  /** As given; compared to see whether API and page share a listener, as MailHog does. */
  readonly text: string
  /** Undefined: all addresses. */
  readonly host: string | undefined
  readonly port: number
}

const bindAddress: Kind<BindAddress> = kind('host:port or :port', '127.0.0.1:1025', (text) => {
  const [, host = '', digits = ''] = /^(?:\[(?=.*\]))?([^\][]*?)\]?:(\d{1,5})$/.exec(text) ?? []
  const port = Number(digits)
  if (digits === '' || port > 65_535) return { wrong: 'is not an address with a port' }
  return { value: { text, host: host === '' ? undefined : host, port } }
})

const anyText = kind('text', 'mailhog.example', (value) => ({ value }))
const path = kind('a path', '/srv/mailhog', (value) => ({ value }))

/** Empty, or with a leading slash. */
const webPath = kind('a path', 'mail', (text) => ({
  value: text.replace(/^\/*(.*?)\/*$/, (_, inner: string) => inner && `/${inner}`),
}))

/** RFC 5322 3.6.8: printable ASCII without the colon. */
const fieldNames = kind('names of header fields, separated by commas', 'Message-ID,X-Id', readFieldNames)

function readFieldNames(text: string): Reading<readonly string[]> {
  const names = text.split(',').map((name) => name.trim())
  const odd = names.find((name) => !/^[!-9;-~]*$/.test(name))
  if (odd !== undefined) return { wrong: `has ${JSON.stringify(odd)}, which is not the name of a field` }
  return { value: names.filter((name) => name !== '') }
}

/** MailHog's variables (its flags have the same names in lower case), then our own. */
const SETTINGS = {
  smtp: setting('MH_SMTP_BIND_ADDR', bindAddress, '0.0.0.0:1025'),
  api: setting('MH_API_BIND_ADDR', bindAddress, '0.0.0.0:8025'),
  ui: setting('MH_UI_BIND_ADDR', bindAddress, '0.0.0.0:8025'),
  hostname: setting('MH_HOSTNAME', anyText, 'mailhog.example'),
  /** The sink keeps messages in a spool file. */
  storage: setting('MH_STORAGE', matching(/^memory$/, 'memory', 'memory'), 'memory'),
  corsOrigin: optional('MH_CORS_ORIGIN', anyText),
  webPath: setting('MH_UI_WEB_PATH', webPath, ''),
  apiHost: setting('MH_API_HOST', anyText, ''),
  authFile: optional('MH_AUTH_FILE', path),
  outgoingSmtpFile: optional('MH_OUTGOING_SMTP', path),
  inviteJim: setting('MH_INVITE_JIM', trueOrFalse, 'false'),
  /** Keep digests and headers, drop the bodies. */
  digestOnly: setting('SINK_DIGEST_ONLY', trueOrFalse, 'false'),
  /** Header fields shown by each digest. */
  digestHeaders: setting('SINK_DIGEST_HEADERS', fieldNames, ''),
  /** Digest texts and attachments on arrival, for /sink/deliveries. */
  mimeDigests: setting('SINK_MIME_DIGESTS', trueOrFalse, 'false'),
  /** Offer CHUNKING (RFC 3030). Off: the real MailHog offers PIPELINING and AUTH alone. */
  chunking: setting('SINK_CHUNKING', trueOrFalse, 'false'),
  /** Take mail by LMTP (RFC 2033) as well, on a port of its own. */
  lmtp: optional('SINK_LMTP', bindAddress),
  /**
   * Be the next hop of a relay, which MailHog is not: null senders (RFC 5321 4.5.5), 8BITMIME (RFC 6152) and SMTPUTF8
   * (RFC 6531).
   */
  nextHop: setting('SINK_NEXT_HOP', trueOrFalse, 'false'),
  /** Tell of arrivals in /sink/arrivals instead of keeping messages: the headers with id and CRC-32 of the body. */
  arrivals: setting('SINK_ARRIVALS', fieldNames, ''),
  spoolFolder: optional('SINK_SPOOL_DIR', path),
}

export type SinkOptions = Omit<SettingValues<typeof SETTINGS>, 'storage'> & { readonly jim: JimConfig }

const JIM_FLAGS = {
  'jim-disconnect': 'DisconnectChance',
  'jim-accept': 'AcceptChance',
  'jim-linkspeed-affect': 'LinkSpeedAffect',
  'jim-linkspeed-min': 'LinkSpeedMin',
  'jim-linkspeed-max': 'LinkSpeedMax',
  'jim-reject-sender': 'RejectSenderChance',
  'jim-reject-recipient': 'RejectRecipientChance',
  'jim-reject-auth': 'RejectAuthChance',
} as const satisfies Readonly<Record<string, keyof JimConfig>>
type JimFlag = keyof typeof JIM_FLAGS

const VARIABLE_OF_FLAG = new Map<string, string>(
  Object.values(SETTINGS)
    .map(({ variable }) => variable)
    .filter((name) => name.startsWith('MH_'))
    .map((name) => [name.slice('MH_'.length).toLowerCase().replaceAll('_', '-'), name]),
)

/** Reads environment and flags; reports every problem at once. A flag overrides its variable. */
export function readSinkOptions(
  environment: Readonly<Record<string, string | undefined>>,
  flags: readonly string[],
): SinkOptions {
  const flagged = readFlags(flags)
  const { values, problems } = readSettings(SETTINGS, { ...environment, ...flagged.variables })
  problems.push(...unknownVariables(SETTINGS, environment, /^(MH|SINK)_/), ...flagged.problems)
  if (values === undefined || problems.length > 0)
    throw settingsError('SINK_OPTIONS', 'Failed to start the sink', problems)
  const { storage: _, ...options } = values
  return Object.freeze({ ...options, jim: flagged.jim })
}

/** Go's flags: `-name=value`, `-name value`, `--name…`; a boolean may stand alone. */
function readFlags(flags: readonly string[]) {
  const variables: Record<string, string> = {}
  const jim = { ...JIM_DEFAULTS }
  const problems: string[] = []
  for (let at = 0; at < flags.length; at++) {
    const flag = flags[at] ?? ''
    const [, name = '', inline] = /^--?([^=]+)(?:=(.*))?$/s.exec(flag) ?? []
    const variable = VARIABLE_OF_FLAG.get(name)
    if (variable === undefined && !(name in JIM_FLAGS)) {
      problems.push(
        `${flag} is not known; allowed are -${[...VARIABLE_OF_FLAG.keys(), ...Object.keys(JIM_FLAGS)].join(', -')}`,
      )
      continue
    }
    const text = inline ?? (variable === 'MH_INVITE_JIM' ? 'true' : (flags[++at] ?? ''))
    if (variable !== undefined) variables[variable] = text
    else if (text === '' || !Number.isFinite(Number(text)))
      problems.push(`-${name}=${JSON.stringify(text)} is not a number. Allowed: a number.`)
    else jim[JIM_FLAGS[name as JimFlag]] = Number(text)
  }
  return { variables, jim, problems }
}
