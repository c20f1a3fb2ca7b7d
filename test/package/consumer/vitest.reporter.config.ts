import { stressConfig } from 'mailstorm/vitest'
import LineReporter from './line-reporter.ts'

export default stressConfig({ test: { reporters: [new LineReporter()] } })
