import { SCALING_TABLE, scenario, scenarioParts, scenarioTogether } from 'mailstorm'

/** Every way to put loads together, as small as it can be. */
const SMALL = { size: 'small', thresholds: ['success_rate==1'] } as const

scenario('steps', {
  ...SMALL,
  executor: 'ramping-arrival-rate',
  startRate: 20,
  stages: [
    { durationSeconds: 1, target: 20 },
    { durationSeconds: 0, target: 60 },
    { durationSeconds: 1, target: 60 },
  ],
  workers: 5,
})

scenarioTogether(
  'crowded',
  {
    steady: { ...SMALL, executor: 'constant-arrival-rate', rate: 20, durationSeconds: 3, workers: 3 },
    crowd: { ...SMALL, executor: 'shared-iterations', messages: 100, workers: 5, startAfterSeconds: 1 },
  },
  { thresholds: ['success_rate==1'] },
)

const BURST = { ...SMALL, executor: 'shared-iterations', messages: 100, workers: 5 } as const
scenarioParts(
  'parted',
  {
    'one-server': { ...BURST, servers: 1 },
    'both-servers': { ...BURST, servers: 2 },
    'three-servers': { ...BURST, servers: 3 },
  },
  { table: SCALING_TABLE },
)

scenario('waves', {
  ...SMALL,
  executor: 'ramping-workers',
  stages: [
    { durationSeconds: 1, target: 3 },
    { durationSeconds: 1, target: 0 },
  ],
  workers: 3,
})
