// The rooms, and which of them may import which: docs/rooms.md says why. `npm run check:rooms` holds the code to it.

/** What every room may import: errors, and text of the other side, sockets and how a process ends. */
const COMMON =
  '^src/((error|tls-error|delivery-report|packages|random|listening|processes|dial|proxy-protocol|disposable-stack|options/(kind|settings|process-environment))[.]ts$|text/)'

/** Rooms by path, and the paths that each may import beside itself and the common modules. */
const ROOMS = {
  'src/engine': [],
  'src/engine/threads': ['src/engine', 'src/smtp', 'src/mail', 'src/ledger'],
  'src/figures': ['src/engine', 'src/pressure/result.ts', 'src/probe/report.ts'],
  'src/ledger': [],
  'src/mail': ['src/ledger'],
  'src/smtp': ['src/engine', 'src/ledger', 'src/mail'],
  'src/programs/smtp-server': ['src/ledger', 'src/programs/sink/smtp/data-reader.ts'],
  'src/programs/sink': [],
  'src/programs/null-sink': [],
  'src/programs/proxy': ['src/smtp', 'src/engine/clock.ts'],
  'src/programs/tenants': [],
  'src/programs/faults': [
    'src/engine/clock.ts',
    'src/ledger',
    'src/programs/smtp-server/ledger.ts',
    'src/programs/smtp-server/message-reader.ts',
  ],
  'src/pressure': [
    'containers',
    'src/engine',
    'src/figures',
    'src/options',
    'src/programs/proxy',
    'src/programs/sink',
    'src/programs/tenants',
    'src/programs/faults',
    'src/report/kinds.ts',
    'src/report/verdict.ts',
    'src/results',
    'src/run',
    'src/smtp',
  ],
  'src/verify': [
    'containers',
    'src/engine',
    'src/ledger',
    'src/mail',
    'src/programs/sink',
    'src/smtp/preflight',
  ],
  'src/probe': ['src/engine/clock.ts'],
  'src/results': ['src/engine', 'src/figures', 'src/pressure', 'src/probe/report.ts'],
  'src/report': ['src/engine', 'src/figures', 'src/pressure', 'src/probe', 'src/results'],
  'src/options': ['src/engine', 'src/figures', 'src/mail', 'src/smtp', 'src/verify/stores/forms.ts'],
  'src/run': [
    'containers',
    'src/engine',
    'src/figures',
    'src/ledger',
    'src/mail',
    'src/options',
    'src/pressure/progress.ts',
    'src/pressure/result.ts',
    'src/probe',
    'src/programs/faults',
    'src/report',
    'src/results',
    'src/smtp',
    'src/verify',
  ],
  containers: ['src/engine', 'src/ledger', 'src/programs'],
  reporters: [
    'fixtures',
    'src/cli/closed-output.ts',
    'src/engine',
    'src/figures',
    'src/pressure',
    'src/probe/report.ts',
    'src/report',
    'src/results',
    'src/run',
  ],
}

const names = Object.keys(ROOMS)
const within = (path) => (path.endsWith('.ts') ? `^${path.replaceAll('.', '[.]')}$` : `^${path}/`)
const roomRules = names.map((room) => {
  const inner = names.filter((other) => other.startsWith(`${room}/`)).map(within)
  return {
    name: `${room.replaceAll('/', '-')}-imports`,
    comment: `${room} may import ${ROOMS[room].join(', ') || 'nothing of ours'} (docs/rooms.md)`,
    severity: 'error',
    from: { path: within(room), ...(inner.length > 0 ? { pathNot: inner } : {}) },
    to: {
      path: '^(src|fixtures|containers|reporters|suites|test|bench)/',
      pathNot: [within(room), COMMON, ...ROOMS[room].map(within)],
    },
  }
})

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-circle',
      comment:
        'Modules that import each other, types included, are one module, or what both need is a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    ...roomRules,
    {
      name: 'vitest-has-one-face',
      comment: 'The engine runs from a plain script: only fixtures, suites, reporters and tests know Vitest.',
      severity: 'error',
      from: { path: '^(src|containers)/', pathNot: '^src/vitest[.]ts$' },
      to: { path: '(^|/)node_modules/(vitest|@vitest)/' },
    },
    {
      name: 'testcontainers-has-one-door',
      comment: 'What a package does not export can go with any version; docker/image.ts says why it has to.',
      severity: 'error',
      from: { pathNot: '^containers/docker/image[.]ts$' },
      to: { path: 'node_modules/testcontainers/build/(?!index[.])' },
    },
    {
      name: 'suites-have-one-door',
      comment: 'Scenarios import what another repository can import: mailstorm.',
      severity: 'error',
      from: { path: '^suites/' },
      to: { path: '^(src|containers|reporters)/', pathNot: '^src/(index|vitest|engine)[.]ts$' },
    },
    {
      name: 'client-and-server-share-no-parser',
      comment: 'They would share its bugs, and the checks would not see them.',
      severity: 'error',
      from: { path: '^src/(programs/(smtp-server|sink|faults|tenants)|probe)/' },
      to: { path: '^src/smtp/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '[.](test|contract|fixture)[.]ts$|/contract/|/browser/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
  },
}
