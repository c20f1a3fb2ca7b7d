import { decimal, onOff, wholeNumber } from './kind.ts'
import { preset, type ValuesOf } from './variable.ts'

export const PROBE = {
  STRESS_PROBE_WAIT: preset(
    decimal({ min: 1, max: 900, unit: 'seconds', example: 310 }),
    '10',
    'Seconds that the protocol probe waits for a reply, and for the time-outs of a server; 310 sees whether it waits the five minutes of RFC 5321.',
  ),
  STRESS_PROBE_CONNECTIONS: preset(
    wholeNumber({ min: 1, max: 10_000, example: 500 }),
    '120',
    'Connections that the protocol probe opens at once at most, to see what the next one gets.',
  ),
  STRESS_PROBE_STRICT: preset(
    onOff,
    '0',
    'A deviation from the RFCs fails its row; else the probe only tells what a server does.',
  ),
}

export interface ProbeSettings {
  readonly waitSeconds: number
  readonly connections: number
  readonly strict: boolean
}

export function probeSettings(values: ValuesOf<typeof PROBE>): ProbeSettings {
  return Object.freeze({
    waitSeconds: values.STRESS_PROBE_WAIT,
    connections: values.STRESS_PROBE_CONNECTIONS,
    strict: values.STRESS_PROBE_STRICT,
  })
}
