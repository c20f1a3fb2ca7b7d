import { domainOf, isReservedDomain } from './address.ts'
import type { Environment, VariableName } from './environment.ts'

/** Values that are good each by itself and have no sense together. */
interface Contradiction {
  /** Checked only when all of these could be read. */
  readonly about: readonly VariableName[]
  /** What is wrong and what to do, or undefined. `given` tells what was set by the user. */
  find(values: Environment, given: ReadonlySet<string>): string | undefined
}

const CONTRADICTIONS: readonly Contradiction[] = [
  {
    about: ['STRESS_BACKEND', 'SMTP_TARGETS'],
    find: (values, given) => {
      const boots = values.STRESS_BACKEND === 'embedded' || values.STRESS_BACKEND === 'docker'
      if (given.has('SMTP_TARGETS') && boots) {
        return `STRESS_BACKEND=${values.STRESS_BACKEND} boots servers, and SMTP_TARGETS names servers that already run. Unset one of them.`
      }
      if (!given.has('SMTP_TARGETS') && values.STRESS_BACKEND === 'external') {
        return 'STRESS_BACKEND=external needs to know the servers. Set SMTP_TARGETS=host:port,host:port.'
      }
      return undefined
    },
  },
  {
    about: ['STRESS_BACKEND', 'SMTP_TARGETS', 'SMTP_IMAGE'],
    find: (values, given) => {
      if (!given.has('SMTP_IMAGE')) return undefined
      if (given.has('SMTP_TARGETS')) {
        return 'SMTP_IMAGE is to be booted, and SMTP_TARGETS names servers that already run. Unset one of them.'
      }
      return values.STRESS_BACKEND === 'embedded'
        ? 'SMTP_IMAGE needs a container engine, which STRESS_BACKEND=embedded does without. Unset one of them.'
        : undefined
    },
  },
  {
    about: ['SMTP_PORT', 'SMTP_SERVERS'],
    find: ({ SMTP_PORT: port = 0, SMTP_SERVERS: servers }) =>
      port + servers - 1 > 65_535
        ? `SMTP_PORT=${port} leaves no room for ${servers} servers below port 65536. Set a lower SMTP_PORT, or fewer SMTP_SERVERS.`
        : undefined,
  },
  notIn('burst', 'STRESS_RATE', 'sends its messages as fast as it can'),
  notIn('burst', 'STRESS_DURATION', 'ends when its messages are sent'),
  notIn('sustained', 'STRESS_MESSAGES', 'sends what STRESS_RATE and STRESS_DURATION make'),
  {
    about: ['STRESS_RATE', 'STRESS_DURATION', 'STRESS_MODE'],
    find: ({ STRESS_RATE: rate, STRESS_DURATION: duration, STRESS_MODE: mode }) =>
      mode === 'sustained' && rate !== undefined && duration !== undefined && rate * duration < 1
        ? `STRESS_RATE=${rate} for STRESS_DURATION=${duration} seconds is less than one message. Raise one of them.`
        : undefined,
  },
  {
    about: ['STRESS_MAX_SESSIONS', 'STRESS_WORKERS'],
    find: ({ STRESS_MAX_SESSIONS: sessions, STRESS_WORKERS: workers }) =>
      sessions !== undefined && workers !== undefined && sessions < workers
        ? `STRESS_MAX_SESSIONS=${sessions} is less than STRESS_WORKERS=${workers}, and each worker has a session. Raise it, or set fewer workers.`
        : undefined,
  },
  needs('SMTP_IMAGE_PORT', 'SMTP_IMAGE'),
  needs('SMTP_IMAGE_ENV', 'SMTP_IMAGE'),
  pair('STRESS_AUTH_USER', 'STRESS_AUTH_PASS'),
  pair('STRESS_AUTH_PASS', 'STRESS_AUTH_USER'),
  reserved('STRESS_SENDER'),
  reserved('STRESS_RECIPIENT'),
]

function notIn(mode: Environment['STRESS_MODE'], name: VariableName, why: string): Contradiction {
  const other = mode === 'burst' ? 'sustained' : 'burst'
  return {
    about: ['STRESS_MODE'],
    find: (values, given) => {
      if (values.STRESS_MODE !== mode || !given.has(name)) return undefined
      const chosen = given.has('STRESS_MODE') ? '' : ' (the default)'
      return `${name} cannot be used with STRESS_MODE=${mode}${chosen}, which ${why}. Unset it, or set STRESS_MODE=${other}.`
    },
  }
}

function needs(given: VariableName, missing: VariableName): Contradiction {
  return {
    about: [],
    find: (_, all) =>
      all.has(given) && !all.has(missing)
        ? `${given} is set without ${missing}. Set it too, or unset ${given}.`
        : undefined,
  }
}

function pair(given: VariableName, missing: VariableName): Contradiction {
  return {
    about: [],
    find: (_, all) =>
      all.has(given) && !all.has(missing)
        ? `${given} is set without ${missing}. Set both, or neither.`
        : undefined,
  }
}

function reserved(name: 'STRESS_SENDER' | 'STRESS_RECIPIENT'): Contradiction {
  return {
    about: [name, 'ALLOW_PUBLIC_TARGETS'],
    find: (values) => {
      const domain = domainOf(values[name])
      if (values.ALLOW_PUBLIC_TARGETS || isReservedDomain(domain)) return undefined
      return `${name}=${JSON.stringify(values[name])} is in ${domain}, where real people may get the mail. Use a reserved domain (RFC 2606), as example.com or test.local, or set ALLOW_PUBLIC_TARGETS=1.`
    },
  }
}

export function contradictionsIn(
  values: Environment,
  given: ReadonlySet<string>,
  unreadable: ReadonlySet<string>,
): string[] {
  return CONTRADICTIONS.filter(({ about }) => !about.some((name) => unreadable.has(name)))
    .map(({ find }) => find(values, given))
    .filter((problem) => problem !== undefined)
}
