import { parseArgs } from 'node:util'
import { MailstormError } from '../../src/error.ts'
import type { StandOptions } from './stand.ts'

const MOST_INSTANCES = 16

/** `--instances 3 --port 8000 --cache FOLDER --python PYTHON`. */
export function readOptions(args: readonly string[], env: NodeJS.ProcessEnv): StandOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      instances: { type: 'string', default: '1' },
      port: { type: 'string', default: '8000' },
      cache: { type: 'string' },
      python: { type: 'string', default: env.GENRO_PYTHON ?? '' },
    },
  })
  if (values.python === '')
    throw new MailstormError(
      'BAD_OPTIONS',
      'Failed to start genro-mail-proxy: no Python was named that has it.',
      'Get one by `test/genro/install FOLDER`, which prints it, and name it by GENRO_PYTHON or --python.',
    )
  const instances = whole('instances', values.instances, { min: 1, max: MOST_INSTANCES })
  const port = whole('port', values.port, { min: 1, max: 65_536 - instances })
  return { python: values.python, instances, port, cacheFolder: values.cache }
}

function whole(name: string, text: string, { min, max }: { min: number; max: number }): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= min && value <= max) return value
  throw new MailstormError(
    'BAD_OPTIONS',
    `Failed to read --${name}: "${text}" is not a whole number from ${min} to ${max}.`,
  )
}
