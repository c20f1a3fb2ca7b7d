import { describe, expect, it } from 'vitest'
import { VARIABLES } from './environment.ts'
import { readOptions } from './options.ts'

const SECOND_OF_THREE = { STRESS_GENERATORS: '3', STRESS_GENERATOR_INDEX: '1', STRESS_RUN_ID: 'night7' }
const GENERATOR_VARIABLES = [
  ...Object.keys(SECOND_OF_THREE),
  ...['STRESS_START_AT', 'STRESS_MEETING', 'STRESS_MEETING_LEAD', 'JOB_COMPLETION_INDEX'],
]

describe('the table of variables', () => {
  it.each(VARIABLES.map((variable) => [variable.name, variable] as const))(
    '%s has an example that is allowed',
    (name, { example }) => {
      const partners: NodeJS.ProcessEnv = {
        ...(name === 'STRESS_RATE' || name === 'STRESS_DURATION' ? { STRESS_MODE: 'sustained' } : {}),
        ...(name === 'STRESS_STAGES' ? { STRESS_MODE: 'ramping-arrival-rate' } : {}),
        ...(name.startsWith('SMTP_IMAGE_') ? { SMTP_IMAGE: 'boky/postfix' } : {}),
        ...(name === 'STRESS_AUTH_USER' ? { STRESS_AUTH_PASS: 'p' } : {}),
        ...(name === 'STRESS_AUTH_PASS' ? { STRESS_AUTH_USER: 'u' } : {}),
        ...(name.startsWith('STRESS_AUTH_TOKEN_') ? { STRESS_AUTH_USER: 'u' } : {}),
        ...(name === 'STRESS_AUTH_MECHANISM' ? { STRESS_AUTH_USER: 'u', STRESS_AUTH_PASS: 'p' } : {}),
        ...(name === 'STRESS_PROXY_SOURCE' ? { STRESS_PROXY_PROTOCOL: 'v1' } : {}),
        ...(name === 'STRESS_TLS_CERT' ? { STRESS_TLS_KEY: 'client.key' } : {}),
        ...(name === 'STRESS_TLS_KEY' ? { STRESS_TLS_CERT: 'client.pem' } : {}),
        ...(name === 'SMTP_LEDGER_PORT' ? { SMTP_TARGETS: '127.0.0.1:2525' } : {}),
        ...(name === 'STRESS_RESOLVER' ? { SMTP_TARGETS: 'mx:example.test' } : {}),
        ...(name === 'STRESS_LIVE_PORT' ? { STRESS_LIVE: '1' } : {}),
        ...(name === 'STRESS_METRICS_HOST' ? { STRESS_METRICS_PORT: '0' } : {}),
        ...(name === 'STRESS_MEETING_LEAD' ? { STRESS_MEETING: 'meeting' } : {}),
        ...(GENERATOR_VARIABLES.includes(name) ? SECOND_OF_THREE : {}),
        ...(name.startsWith('PROXY_') && name !== 'PROXY_INSTANCES'
          ? { PROXY_URL: 'http://127.0.0.1:8000' }
          : {}),
      }
      expect(() => readOptions({ ...partners, [name]: example })).not.toThrow()
    },
  )
})
