import { expect, test } from 'vitest'
import { checkFaults, type FaultPlan } from './plans.ts'

test.each([
  [{ proxi: {} }, 'there is no field faults.proxi. Did you mean faults.proxy?'],
  [
    { proxy: { toServer: { delay: 50 } } },
    'there is no field faults.proxy.toServer.delay. Did you mean faults.proxy.toServer.delayMs?',
  ],
  [{ server: { tarpit: { data: -1 } } }, 'tarpit.data is -1; allowed is 0 to 1e9 milliseconds'],
  [{ proxy: { share: 2 } }, 'share is 2; allowed is 0 to 1'],
])('faults %o are refused while the file is collected', (plan, why) => {
  expect(() => checkFaults(plan as FaultPlan)).toThrow(why)
})
