import { imageName, memorySize, variableList } from './container.ts'
import { decimal, oneOf, wholeNumber } from './kind.ts'
import { MONITORING } from './metrics.ts'
import { preset, unset, type ValuesOf } from './variable.ts'

/** What services are when they boot as containers. */
export const CONTAINERS = {
  SMTP_CPUS: preset(
    decimal({ min: 0.1, max: 256, unit: 'CPUs', example: 0.5 }),
    '2',
    'CPUs that each SMTP container may use; more than the engine has are taken as all it has.',
  ),
  SMTP_MEMORY: preset(memorySize, '2g', 'Memory that each SMTP container may use.'),
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
    'What takes mail in containers that want a MailHog: the real one, or ours, which has no limit of 1 MB.',
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
