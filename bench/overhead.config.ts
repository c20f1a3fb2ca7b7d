import { stressConfig } from 'mailstorm/vitest'

/** All reporters, as in any run; only the scenarios of the benchmark. */
export default stressConfig({ scenarios: ['bench/overhead.stress.ts'], builtIn: false })
