import { domainName, targetList } from './address.ts'
import { wholeNumber } from './kind.ts'
import { sizeInBytes } from './size.ts'
import { preset, unset, type ValuesOf } from './variable.ts'

/** The servers that are sent to. */
export const FLEET = {
  SMTP_TARGETS: unset(
    targetList,
    'none: servers are booted',
    'Servers that already run, instead of booted ones.',
  ),
  SMTP_SERVERS: preset(wholeNumber({ min: 1, max: 32, example: 3 }), '5', 'Servers to boot.'),
  SMTP_DOMAIN: unset(
    domainName,
    'smtp1.test.local, smtp2.test.local, …',
    'Domain name of the booted servers.',
  ),
  SMTP_PORT: unset(
    wholeNumber({ min: 0, max: 65_535, example: 2525 }),
    'any free ports',
    'Port of the first booted server, the next ones follow; 0 takes any free ones.',
  ),
  SMTP_MAX_CONNECTIONS: preset(
    wholeNumber({ min: 1, max: 65_535, example: 200 }),
    '100',
    'Connections that a booted server takes at once; beyond it, it answers 421.',
  ),
  SMTP_MAX_MESSAGE_SIZE: preset(
    sizeInBytes({ minBytes: 1, names: false, example: '52428800' }),
    '10485760',
    'Bytes of the largest message that a booted server takes; beyond it, it answers 552.',
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
