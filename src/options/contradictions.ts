import { TOKEN_MECHANISMS } from '../smtp/target.ts'
import { addressesIn, claimedIn, claimedProblem } from './client.ts'
import type { Environment, VariableName } from './environment.ts'
import { executorOfMode, MODE_VARIABLES, misusedIn } from './load.ts'
import { publicProblem } from './mail.ts'
import { nameOfServer, tlsOfServer } from './server-address.ts'

/** Values that are valid on their own, but make no sense together. */
interface Contradiction {
  /** Checked only when all of these could be read. */
  readonly about: readonly VariableName[]
  /** What is wrong and what to do, or undefined. `given` tells what was set by the user. */
  find(values: Environment, given: ReadonlySet<string>): string | undefined
}

/** Settings of booted servers; those in SMTP_TARGETS have their own. */
const OF_BOOTED = [
  ...['SMTP_SERVERS', 'SMTP_DOMAIN', 'SMTP_PORT', 'SMTP_MAX_CONNECTIONS', 'SMTP_MAX_MESSAGE_SIZE'],
  ...['SMTP_CPUS', 'SMTP_MEMORY', 'NODE_IMAGE', 'STRESS_LOGS'],
] as readonly VariableName[]
const OF_CONTAINERS = ['SMTP_CPUS', 'SMTP_MEMORY', 'NODE_IMAGE'] as const satisfies readonly VariableName[]

const SECRETS = ['STRESS_AUTH_PASS', 'STRESS_AUTH_TOKEN_FILE', 'STRESS_AUTH_TOKEN_COMMAND'] as const

const CONTRADICTIONS: readonly Contradiction[] = [
  ...OF_BOOTED.map(onlyForBooted),
  ...OF_CONTAINERS.map(onlyForContainers),
  needs('STRESS_LIVE_PORT', 'STRESS_LIVE'),
  needs('STRESS_METRICS_HOST', 'STRESS_METRICS_PORT'),
  {
    about: ['STRESS_BACKEND', 'SMTP_TARGETS'],
    find: (values, given) => {
      const boots = values.STRESS_BACKEND === 'embedded' || values.STRESS_BACKEND === 'docker'
      if (given.has('SMTP_TARGETS') && boots) {
        return `STRESS_BACKEND=${values.STRESS_BACKEND} boots servers, and SMTP_TARGETS names servers that are already running. Unset one of them.`
      }
      if (!given.has('SMTP_TARGETS') && values.STRESS_BACKEND === 'external') {
        return 'STRESS_BACKEND=external needs servers. Set SMTP_TARGETS=host:port,host:port.'
      }
      return undefined
    },
  },
  {
    about: ['STRESS_RESOLVER', 'SMTP_TARGETS'],
    find: ({ STRESS_RESOLVER: resolver, SMTP_TARGETS: targets = [] }) => {
      const domain = targets.find(({ scheme }) => scheme === 'mx')
      if (domain === undefined)
        return resolver === undefined
          ? undefined
          : 'STRESS_RESOLVER changes nothing without a target such as mx:example.test. Unset it, or add one to SMTP_TARGETS.'
      return resolver === undefined
        ? `SMTP_TARGETS=${nameOfServer(domain)} needs the name server that knows its mail exchangers. Set STRESS_RESOLVER=127.0.0.1:5353.`
        : undefined
    },
  },
  {
    about: ['STRESS_TLS', 'SMTP_TARGETS'],
    find: ({ STRESS_TLS: tls, SMTP_TARGETS: targets = [] }) => {
      const other = targets.find((target) => tls !== undefined && (tlsOfServer(target) ?? tls) !== tls)
      if (other === undefined) return undefined
      return `STRESS_TLS=${tls} contradicts SMTP_TARGETS=${nameOfServer(other)}, which is TLS mode ${tlsOfServer(other)}. Unset STRESS_TLS, or give the target as host:port.`
    },
  },
  {
    about: ['STRESS_BACKEND', 'SMTP_TARGETS', 'SMTP_IMAGE'],
    find: (values, given) => {
      if (!given.has('SMTP_IMAGE')) return undefined
      if (given.has('SMTP_TARGETS')) {
        return 'SMTP_IMAGE boots servers, and SMTP_TARGETS names servers that are already running. Unset one of them.'
      }
      return values.STRESS_BACKEND === 'embedded'
        ? 'SMTP_IMAGE needs a container engine, which STRESS_BACKEND=embedded does not use. Unset one of them.'
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
  ...MODE_VARIABLES.map(inItsMode),
  {
    about: ['STRESS_MODE', 'STRESS_STAGES'],
    find: ({ STRESS_MODE: mode, STRESS_STAGES: stages }) =>
      executorOfMode(mode).takes.stages !== undefined && stages === undefined
        ? `STRESS_MODE=${mode} needs stages. Set STRESS_STAGES=30s:50.`
        : undefined,
  },
  {
    about: ['STRESS_RATE', 'STRESS_DURATION', 'STRESS_MODE'],
    find: ({ STRESS_RATE: rate, STRESS_DURATION: duration, STRESS_MODE: mode }) =>
      mode === 'sustained' && rate !== undefined && duration !== undefined && rate * duration < 1
        ? `STRESS_RATE=${rate} for STRESS_DURATION=${duration} seconds is less than one message. Raise one of them.`
        : undefined,
  },
  both('STRESS_SOAK_RATE', 'STRESS_RATE', 'the rate of soak'),
  both('STRESS_SOAK_MINUTES', 'STRESS_DURATION', 'how long soak lasts'),
  {
    about: ['STRESS_MAX_SESSIONS', 'STRESS_WORKERS'],
    find: ({ STRESS_MAX_SESSIONS: sessions, STRESS_WORKERS: workers }) =>
      sessions !== undefined && workers !== undefined && sessions < workers
        ? `STRESS_MAX_SESSIONS=${sessions} is less than STRESS_WORKERS=${workers}, and each worker has a session. Raise it, or set fewer workers.`
        : undefined,
  },
  {
    about: ['STRESS_GENERATORS', 'STRESS_GENERATOR_INDEX', 'JOB_COMPLETION_INDEX'],
    find: (values) => {
      const { STRESS_GENERATORS: generators } = values
      if (generators === undefined) return undefined
      const index = values.STRESS_GENERATOR_INDEX ?? values.JOB_COMPLETION_INDEX
      if (index === undefined) {
        return `STRESS_GENERATORS=${generators} is set, but not which generator this is. Set STRESS_GENERATOR_INDEX, from 0 to ${generators - 1}.`
      }
      return index < generators
        ? undefined
        : `The index ${index} is not below STRESS_GENERATORS=${generators}. Set STRESS_GENERATOR_INDEX, from 0 to ${generators - 1}.`
    },
  },
  needs('STRESS_GENERATOR_INDEX', 'STRESS_GENERATORS'),
  needs('STRESS_RUN_ID', 'STRESS_GENERATORS'),
  needs('STRESS_START_AT', 'STRESS_GENERATORS'),
  needs('STRESS_MEETING', 'STRESS_RUN_ID'),
  needs('STRESS_MEETING_LEAD', 'STRESS_MEETING'),
  {
    about: ['STRESS_MEETING', 'STRESS_START_AT'],
    find: (_, given) =>
      given.has('STRESS_MEETING') && given.has('STRESS_START_AT')
        ? 'STRESS_MEETING has the generators agree on a start once all are ready, and STRESS_START_AT names one. Unset one of them.'
        : undefined,
  },
  {
    about: ['STRESS_GENERATORS', 'STRESS_RUN_ID', 'STRESS_START_AT'],
    find: ({ STRESS_GENERATORS: generators }, given) =>
      generators === undefined || given.has('STRESS_RUN_ID') || given.has('STRESS_START_AT')
        ? undefined
        : `STRESS_GENERATORS=${generators} is set, but nothing names the run they share. Set STRESS_START_AT or STRESS_RUN_ID to the same value for each.`,
  },
  {
    about: [],
    find: (_, given) =>
      given.has('STRESS_CORPUS') && given.has('STRESS_SIZE')
        ? 'STRESS_CORPUS sends real mail, which has sizes of its own, and STRESS_SIZE is for generated text. Unset one of them.'
        : undefined,
  },
  needs('SMTP_IMAGE_PORT', 'SMTP_IMAGE'),
  needs('SMTP_LEDGER_PORT', 'SMTP_TARGETS'),
  {
    about: ['SMTP_LEDGER_PORT', 'SMTP_TARGETS'],
    find: ({ SMTP_LEDGER_PORT: port, SMTP_TARGETS: targets = [] }) => {
      const other = targets.find(({ scheme, path }) => scheme === 'mx' || path !== undefined)
      if (port === undefined || other === undefined) return undefined
      return `SMTP_LEDGER_PORT=${port} is a port of each server in SMTP_TARGETS, and ${nameOfServer(other)} is no host that has ports. Unset SMTP_LEDGER_PORT.`
    },
  },
  needs('PROXY_TOKEN', 'PROXY_URL'),
  needs('PROXY_DIALECT', 'PROXY_URL'),
  needs('PROXY_HOST', 'PROXY_URL'),
  {
    about: ['PROXY_URL', 'PROXY_INSTANCES'],
    find: (_, given) =>
      given.has('PROXY_URL') && given.has('PROXY_INSTANCES')
        ? 'PROXY_INSTANCES boots proxies, and PROXY_URL names proxies that are already running. Unset one of them.'
        : undefined,
  },
  {
    about: ['PRESSURE_INTAKE', 'PROXY_DIALECT'],
    find: ({ PRESSURE_INTAKE: intake, PROXY_DIALECT: dialect }) =>
      intake === 'response' && dialect === 'genro'
        ? 'PRESSURE_INTAKE=response does not work with PROXY_DIALECT=genro: genro-mail-proxy ignores messages in the answer to a sync call. Set PRESSURE_INTAKE=push.'
        : undefined,
  },
  needs('SMTP_IMAGE_ENV', 'SMTP_IMAGE'),
  {
    about: [],
    find: (_, given) =>
      given.has('STRESS_AUTH_USER') && SECRETS.every((name) => !given.has(name))
        ? 'STRESS_AUTH_USER is set without STRESS_AUTH_PASS. Set both, or neither; or a token, by STRESS_AUTH_TOKEN_FILE or STRESS_AUTH_TOKEN_COMMAND.'
        : undefined,
  },
  pair('STRESS_AUTH_PASS', 'STRESS_AUTH_USER'),
  needs('STRESS_AUTH_TOKEN_FILE', 'STRESS_AUTH_USER'),
  needs('STRESS_AUTH_TOKEN_COMMAND', 'STRESS_AUTH_USER'),
  both('STRESS_AUTH_TOKEN_FILE', 'STRESS_AUTH_PASS', 'the secret of the login'),
  both('STRESS_AUTH_TOKEN_COMMAND', 'STRESS_AUTH_PASS', 'the secret of the login'),
  both('STRESS_AUTH_TOKEN_FILE', 'STRESS_AUTH_TOKEN_COMMAND', 'the token of the login'),
  both('STRESS_ACCOUNTS', 'STRESS_AUTH_USER', 'who logs in'),
  {
    about: ['STRESS_THINK_TIME', 'STRESS_PIPELINING'],
    find: ({ STRESS_THINK_TIME: think, STRESS_PIPELINING: level }) =>
      think !== undefined && (level === 'transactions' || level === 'chunks')
        ? `STRESS_THINK_TIME has a client send one command at a time, and STRESS_PIPELINING=${level} sends many at once. Unset one of them.`
        : undefined,
  },
  {
    about: ['STRESS_BREAK_OFF', 'STRESS_PIPELINING'],
    find: ({ STRESS_BREAK_OFF: breakOff, STRESS_PIPELINING: level }) =>
      breakOff !== undefined && level === 'chunks'
        ? 'STRESS_BREAK_OFF does not go with STRESS_PIPELINING=chunks, where a client has several messages on their way. Unset one of them.'
        : undefined,
  },
  {
    about: ['STRESS_AUTH_MECHANISM'],
    find: ({ STRESS_AUTH_MECHANISM: mechanism }, given) =>
      mechanism !== undefined &&
      (given.has('STRESS_AUTH_TOKEN_FILE') || given.has('STRESS_AUTH_TOKEN_COMMAND')) &&
      !TOKEN_MECHANISMS.some((name) => name === mechanism)
        ? `STRESS_AUTH_MECHANISM=${mechanism} takes a password, and a token is given. Unset it, or set ${TOKEN_MECHANISMS.join(' or ')}.`
        : undefined,
  },
  needs('STRESS_AUTH_MECHANISM', 'STRESS_AUTH_USER'),
  needs('STRESS_PROXY_SOURCE', 'STRESS_PROXY_PROTOCOL'),
  pair('STRESS_TLS_CERT', 'STRESS_TLS_KEY'),
  pair('STRESS_TLS_KEY', 'STRESS_TLS_CERT'),
  claimed('STRESS_PROXY_SOURCE', addressesIn),
  claimed('STRESS_XCLIENT', claimedIn),
  reserved('STRESS_SENDER'),
  reserved('STRESS_RECIPIENT'),
]

/** Only where a mode was given, which only the custom scenario has: without one, another may have use for it. */
function inItsMode(name: (typeof MODE_VARIABLES)[number]): Contradiction {
  return {
    about: ['STRESS_MODE'],
    find: ({ STRESS_MODE: mode }, given) =>
      given.has(name) && given.has('STRESS_MODE') ? misusedIn(mode, name) : undefined,
  }
}

function onlyForBooted(name: VariableName): Contradiction {
  return {
    about: [],
    find: (_, given) =>
      given.has(name) && given.has('SMTP_TARGETS')
        ? `${name} is for booted servers, and SMTP_TARGETS names servers that are already running. Unset one of them.`
        : undefined,
  }
}

function onlyForContainers(name: VariableName): Contradiction {
  return {
    about: ['STRESS_BACKEND'],
    find: ({ STRESS_BACKEND: backend }, given) =>
      given.has(name) && backend === 'embedded'
        ? `${name} is for containers, which STRESS_BACKEND=embedded does not use. Unset one of them.`
        : undefined,
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

function both(one: VariableName, other: VariableName, what: string): Contradiction {
  return {
    about: [],
    find: (_, all) =>
      all.has(one) && all.has(other) ? `${one} and ${other} both set ${what}. Unset one of them.` : undefined,
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
      if (values.ALLOW_PUBLIC_TARGETS) return undefined
      return publicProblem(`${name}=${JSON.stringify(values[name])}`, values[name])
    },
  }
}

function claimed(
  name: 'STRESS_PROXY_SOURCE' | 'STRESS_XCLIENT',
  addressesOf: (text: string) => readonly string[],
): Contradiction {
  return {
    about: [name, 'ALLOW_PUBLIC_TARGETS'],
    find: ({ [name]: value, ALLOW_PUBLIC_TARGETS: allowed }) =>
      value === undefined || allowed
        ? undefined
        : claimedProblem(`${name}=${JSON.stringify(value)}`, addressesOf(value)),
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
