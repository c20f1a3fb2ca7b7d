import { MailstormError } from '../../error.ts'
import { JIM_DEFAULTS, type JimConfig } from './jim.ts'

export interface BindAddress {
  /** As given; MailHog compares these to see whether API and page share a listener. */
  readonly text: string
  /** Undefined = all addresses. */
  readonly host: string | undefined
  readonly port: number
}

export interface SinkOptions {
  readonly smtp: BindAddress
  readonly api: BindAddress
  readonly ui: BindAddress
  readonly hostname: string
  readonly corsOrigin: string | undefined
  /** Empty, or with a leading slash. */
  readonly webPath: string
  readonly apiHost: string
  readonly authFile: string | undefined
  readonly outgoingSmtpFile: string | undefined
  readonly inviteJim: boolean
  readonly jim: JimConfig
  readonly digestOnly: boolean
  /** Header fields that each digest shows. */
  readonly digestHeaders: readonly string[]
  /** Digest texts and attachments while they come, for /sink/deliveries. */
  readonly mimeDigests: boolean
  readonly spoolFolder: string | undefined
}

type Environment = Readonly<Record<string, string | undefined>>

/** MailHog's variables (its flags have the same names in lower case), then our own. */
const VARIABLES = {
  MH_SMTP_BIND_ADDR: '0.0.0.0:1025',
  MH_API_BIND_ADDR: '0.0.0.0:8025',
  MH_UI_BIND_ADDR: '0.0.0.0:8025',
  MH_HOSTNAME: 'mailhog.example',
  MH_STORAGE: 'memory',
  MH_CORS_ORIGIN: '',
  MH_UI_WEB_PATH: '',
  MH_API_HOST: '',
  MH_AUTH_FILE: '',
  MH_OUTGOING_SMTP: '',
  MH_INVITE_JIM: 'false',
  SINK_DIGEST_ONLY: 'false',
  SINK_DIGEST_HEADERS: '',
  SINK_MIME_DIGESTS: 'false',
  SINK_SPOOL_DIR: '',
} as const
type Variable = keyof typeof VARIABLES

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

const VARIABLE_OF_FLAG = new Map<string, Variable>(
  Object.keys(VARIABLES)
    .filter((name): name is Variable => name.startsWith('MH_'))
    .map((name) => [name.slice('MH_'.length).toLowerCase().replaceAll('_', '-'), name]),
)

/** Reads environment and flags; reports every problem at once. A flag wins over its variable. */
export function readSinkOptions(environment: Environment, flags: readonly string[]): SinkOptions {
  const problems: string[] = []
  const given = new Map<string, string>()
  for (const [name, value] of Object.entries(environment)) {
    if (!/^(MH|SINK)_/.test(name) || value === undefined || value === '') continue
    if (name in VARIABLES) given.set(name, value)
    else problems.push(`${name} is not supported; allowed are ${Object.keys(VARIABLES).join(', ')}`)
  }
  const jim = readFlags(flags, given, problems)
  const value = (name: Variable) => given.get(name) ?? VARIABLES[name]
  const optional = (name: Variable) => value(name) || undefined
  const options: SinkOptions = {
    smtp: bindAddress('MH_SMTP_BIND_ADDR', value('MH_SMTP_BIND_ADDR'), problems),
    api: bindAddress('MH_API_BIND_ADDR', value('MH_API_BIND_ADDR'), problems),
    ui: bindAddress('MH_UI_BIND_ADDR', value('MH_UI_BIND_ADDR'), problems),
    hostname: value('MH_HOSTNAME'),
    corsOrigin: optional('MH_CORS_ORIGIN'),
    webPath: value('MH_UI_WEB_PATH').replace(/^\/*(.*?)\/*$/, (_, path: string) => path && `/${path}`),
    apiHost: value('MH_API_HOST'),
    authFile: optional('MH_AUTH_FILE'),
    outgoingSmtpFile: optional('MH_OUTGOING_SMTP'),
    inviteJim: yesOrNo('MH_INVITE_JIM', value('MH_INVITE_JIM'), problems),
    jim,
    digestOnly: yesOrNo('SINK_DIGEST_ONLY', value('SINK_DIGEST_ONLY'), problems),
    digestHeaders: fieldNames(value('SINK_DIGEST_HEADERS'), problems),
    mimeDigests: yesOrNo('SINK_MIME_DIGESTS', value('SINK_MIME_DIGESTS'), problems),
    spoolFolder: optional('SINK_SPOOL_DIR'),
  }
  if (value('MH_STORAGE') !== 'memory')
    problems.push(
      `MH_STORAGE is "${value('MH_STORAGE')}"; allowed is memory (the sink keeps messages in a spool file)`,
    )
  if (problems.length > 0)
    throw new MailstormError('SINK_OPTIONS', `Failed to start the sink: ${problems.join('; ')}.`)
  return Object.freeze(options)
}

/** Go's flags: `-name=value`, `-name value`, `--name…`; a boolean may stand alone. */
function readFlags(flags: readonly string[], given: Map<string, string>, problems: string[]): JimConfig {
  const jim = { ...JIM_DEFAULTS }
  for (let at = 0; at < flags.length; at++) {
    const flag = flags[at] ?? ''
    const [, name = '', inline] = /^--?([^=]+)(?:=(.*))?$/s.exec(flag) ?? []
    const variable = VARIABLE_OF_FLAG.get(name)
    if (variable === undefined && !(name in JIM_FLAGS)) {
      problems.push(
        `${flag} is not supported; allowed are -${[...VARIABLE_OF_FLAG.keys(), ...Object.keys(JIM_FLAGS)].join(', -')}`,
      )
      continue
    }
    const text = inline ?? (variable === 'MH_INVITE_JIM' ? 'true' : (flags[++at] ?? ''))
    if (variable !== undefined) given.set(variable, text)
    else jim[JIM_FLAGS[name as JimFlag]] = aNumber(flag, text, problems)
  }
  return jim
}

function aNumber(flag: string, text: string, problems: string[]): number {
  const value = Number(text)
  if (text === '' || !Number.isFinite(value)) problems.push(`${flag} is "${text}"; allowed is a number`)
  return value
}

// As Go's ParseBool.
const YES_OR_NO = new Map([
  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((text) => [text, true] as const),
  ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((text) => [text, false] as const),
])

function yesOrNo(name: Variable, text: string, problems: string[]): boolean {
  const value = YES_OR_NO.get(text)
  if (value === undefined) problems.push(`${name} is "${text}"; allowed are true and false`)
  return value ?? false
}

/** RFC 5322 3.6.8: printable ASCII without the colon. */
function fieldNames(text: string, problems: string[]): string[] {
  const names = text.split(',').map((name) => name.trim())
  const given = names.filter((name) => name !== '')
  for (const name of given) {
    if (!/^[!-9;-~]+$/.test(name))
      problems.push(
        `SINK_DIGEST_HEADERS has "${name}"; allowed are names of header fields, separated by commas`,
      )
  }
  return given
}

function bindAddress(name: Variable, text: string, problems: string[]): BindAddress {
  const [, host = '', digits = ''] = /^(?:\[(?=.*\]))?([^\][]*?)\]?:(\d{1,5})$/.exec(text) ?? []
  const port = Number(digits)
  if (digits === '' || port > 65_535)
    problems.push(`${name} is "${text}"; allowed is host:port or :port, as 127.0.0.1:1025`)
  return { text, host: host === '' ? undefined : host, port }
}
