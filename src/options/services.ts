import { LOOPBACK } from '../listening.ts'
import { domainName } from './address.ts'
import {
  decimal,
  type Kind,
  kind,
  line,
  oneOf,
  preset,
  sizeInBytes,
  unset,
  type ValuesOf,
  wholeNumber,
} from './kind.ts'
import { nameServer, serverList } from './server-address.ts'

/** As the engines have it: `[registry/]name[:tag][@digest]`. */
const IMAGE = /^[a-z\d][\w.:/@-]{0,254}$/i

const imageName: Kind<string> = kind('the name of a container image', 'node:24-alpine', (text) =>
  IMAGE.test(text) ? { value: text } : { wrong: 'is not the name of an image' },
)

const VARIABLE = /^([A-Za-z_]\w*)=(.*)$/s

/** `KEY=VALUE,KEY=VALUE`; a comma that no `KEY=` follows belongs to the value. */
const variableList: Kind<Readonly<Record<string, string>>> = kind(
  'KEY=VALUE, separated by commas',
  'ALLOWED_SENDER_DOMAINS=test.local,LOG_LEVEL=warn',
  (text) => {
    const variables: Record<string, string> = {}
    for (const part of text.split(/,(?=\s*[A-Za-z_]\w*=)/)) {
      const [, name, value] = VARIABLE.exec(part.trim()) ?? []
      if (name === undefined || value === undefined) return { wrong: 'has a part that is not KEY=VALUE' }
      variables[name] = value
    }
    return { value: Object.freeze(variables) }
  },
)

const UNITS: Readonly<Record<string, number>> = { k: 1024, m: 1024 ** 2, g: 1024 ** 3 }
/** Engines refuse less. */
const MIN_BYTES = 6 * 1024 ** 2

/** Memory as the engines write it: 512m, 2g. */
const memorySize: Kind<number> = kind('at least 6m, such as 512m, 2g or 1.5g', '512m', (text) => {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)([kmg])(?:i?b)?$/i.exec(text) ?? []
  const factor = UNITS[unit.toLowerCase()]
  if (number === undefined || factor === undefined) return { wrong: 'is not a size with its unit' }
  const bytes = Math.round(Number(number) * factor)
  return bytes < MIN_BYTES ? { wrong: 'is too small' } : { value: bytes }
})

/** The servers that are sent to. */
export const FLEET = {
  SMTP_TARGETS: unset(
    serverList,
    'none: servers are booted',
    'Running servers to test, instead of booting any; a URL says what each speaks.',
  ),
  SMTP_LEDGER_PORT: unset(
    wholeNumber({ min: 1, max: 65_535, example: 8080 }),
    'none: results say verified: false',
    "Port at which the servers in SMTP_TARGETS tell what they received: CONTROL_PORT of mailstorm's own SMTP server. Every acknowledged message is then looked for there.",
  ),
  STRESS_RESOLVER: unset(
    nameServer,
    'none: mx: needs one',
    'Name server that knows the mail exchangers (MX) of a target such as mx:example.test.',
  ),
  SMTP_SERVERS: preset(wholeNumber({ min: 1, max: 32, example: 3 }), '5', 'Number of servers to boot.'),
  SMTP_DOMAIN: unset(
    domainName,
    'smtp1.test.local, smtp2.test.local, …',
    'Domain name of the booted servers.',
  ),
  SMTP_PORT: unset(
    wholeNumber({ min: 0, max: 65_535, example: 2525 }),
    'any free ports',
    'Port of the first booted server; the others take the ports after it. 0 takes any free ones.',
  ),
  SMTP_MAX_CONNECTIONS: preset(
    wholeNumber({ min: 1, max: 65_535, example: 200 }),
    '100',
    'Connections a booted server accepts at once; it answers 421 to more.',
  ),
  SMTP_MAX_MESSAGE_SIZE: preset(
    sizeInBytes({ minBytes: 1, names: false, example: '52428800' }),
    '10485760',
    'Largest message a booted server accepts, in bytes; it answers 552 to larger ones.',
  ),
}

export interface FleetOptions {
  readonly servers: number
  readonly domain: string | undefined
  /** Server k listens on `basePort + k − 1`; undefined for any free port. */
  readonly basePort: number | undefined
  readonly maxConnections: number
  readonly maxMessageBytes: number
}

export function fleetOf(values: ValuesOf<typeof FLEET>): FleetOptions {
  return Object.freeze({
    servers: values.SMTP_SERVERS,
    domain: values.SMTP_DOMAIN,
    basePort: values.SMTP_PORT === 0 ? undefined : values.SMTP_PORT,
    maxConnections: values.SMTP_MAX_CONNECTIONS,
    maxMessageBytes: values.SMTP_MAX_MESSAGE_SIZE,
  })
}

/** Where a run can be watched from outside. */
export const METRICS = {
  STRESS_METRICS_PORT: unset(
    wholeNumber({ min: 0, max: 65_535, example: 9464 }),
    'none: no metrics are served',
    'Port on which Prometheus can fetch the figures of a run while it lasts, as /metrics; 0 takes any free one.',
  ),
  STRESS_METRICS_HOST: preset(
    line('an address of this machine', LOOPBACK),
    LOOPBACK,
    'Address that STRESS_METRICS_PORT listens on.',
  ),
}

/** What `mailstorm start --monitoring` boots. */
const MONITORING = {
  PROMETHEUS_IMAGE: preset(imageName, 'prom/prometheus:v3.5.0', 'Container image of Prometheus.'),
  PROMETHEUS_PORT: preset(
    wholeNumber({ min: 0, max: 65_535, example: 9091 }),
    '9090',
    'Port of Prometheus; 0 takes any free one.',
  ),
  GRAFANA_IMAGE: preset(imageName, 'grafana/grafana:12.1.1', 'Container image of Grafana.'),
  GRAFANA_PORT: preset(
    wholeNumber({ min: 0, max: 65_535, example: 3001 }),
    '3000',
    'Port of Grafana; 0 takes any free one.',
  ),
}

export interface MetricsOptions {
  readonly host: string
  readonly port: number
}

export function metricsOf({
  STRESS_METRICS_PORT: port,
  STRESS_METRICS_HOST: host,
}: ValuesOf<typeof METRICS>): MetricsOptions | undefined {
  return port === undefined ? undefined : Object.freeze({ host, port })
}

/** What services are when they boot as containers. */
export const CONTAINERS = {
  SMTP_CPUS: preset(
    decimal({ min: 0.1, max: 256, unit: 'CPUs', example: 0.5 }),
    '2',
    'CPUs each SMTP container may use, at most all that the engine has.',
  ),
  SMTP_MEMORY: preset(memorySize, '2g', 'Memory each SMTP container may use.'),
  SMTP_IMAGE: unset(
    imageName,
    'ours, built when first used',
    'Container image of another SMTP server. It keeps no ledger, so nothing is verified.',
  ),
  SMTP_IMAGE_PORT: unset(
    wholeNumber({ min: 1, max: 65_535, example: 587 }),
    'the SMTP port it exposes, else 25',
    'Port that the server in SMTP_IMAGE listens on.',
  ),
  SMTP_IMAGE_ENV: unset(variableList, 'none', 'Environment of the containers of SMTP_IMAGE.', true),
  NODE_IMAGE: preset(imageName, 'node:24-alpine', 'Base of the image of our SMTP server.'),
  SINK: preset(
    oneOf(['mailhog', 'mailstorm'], 'mailstorm'),
    'mailhog',
    'What runs where containers need a MailHog: the real one, or ours, which has no limit of 1 MB.',
  ),
  MAILHOG_IMAGE: preset(imageName, 'mailhog/mailhog:v1.0.1', 'Container image of MailHog.'),
  POSTGRES_IMAGE: preset(imageName, 'postgres:17-alpine', 'Container image of PostgreSQL.'),
  ...MONITORING,
}

export interface ContainerOptions {
  /** Of each SMTP server. */
  readonly cpus: number
  readonly memoryBytes: number
  /** An SMTP server that is not ours; undefined for ours. */
  readonly foreign: ForeignImageOptions | undefined
  readonly nodeImage: string
  readonly sink: 'mailhog' | 'mailstorm'
  readonly mailhogImage: string
  readonly postgresImage: string
  readonly monitoring: MonitoringImages
}

interface MonitoringImages {
  readonly prometheusImage: string
  readonly prometheusPort: number
  readonly grafanaImage: string
  readonly grafanaPort: number
}

interface ForeignImageOptions {
  readonly image: string
  readonly port?: number
  readonly environment?: Readonly<Record<string, string>>
}

export function containersOf(values: ValuesOf<typeof CONTAINERS>): ContainerOptions {
  return Object.freeze({
    cpus: values.SMTP_CPUS,
    memoryBytes: values.SMTP_MEMORY,
    foreign: foreignOf(values),
    nodeImage: values.NODE_IMAGE,
    sink: values.SINK,
    mailhogImage: values.MAILHOG_IMAGE,
    postgresImage: values.POSTGRES_IMAGE,
    monitoring: Object.freeze({
      prometheusImage: values.PROMETHEUS_IMAGE,
      prometheusPort: values.PROMETHEUS_PORT,
      grafanaImage: values.GRAFANA_IMAGE,
      grafanaPort: values.GRAFANA_PORT,
    }),
  })
}

function foreignOf({
  SMTP_IMAGE: image,
  SMTP_IMAGE_PORT: port,
  SMTP_IMAGE_ENV: environment,
}: ValuesOf<typeof CONTAINERS>): ForeignImageOptions | undefined {
  if (image === undefined) return undefined
  return Object.freeze({ image, ...(port && { port }), ...(environment && { environment }) })
}
