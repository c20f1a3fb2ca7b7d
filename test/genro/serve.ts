import { once } from 'node:events'
import { MailstormError } from '../../src/error.ts'
import { readOptions } from './options.ts'
import { startStand } from './stand.ts'

// Real genro-mail-proxies to press by hand:
// GENRO_PYTHON=$(test/genro/install /tmp/mailstorm-genro) npx node test/genro/serve.ts --instances 3

try {
  const stopping = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  await using stand = await startStand(readOptions(process.argv.slice(2), process.env))
  const { PROXY_URL: urls, PROXY_TOKEN: token, PROXY_DATABASE_URL: databaseUrl } = stand.environment
  console.log(`Press ${stand.proxies.length === 1 ? 'it' : 'them'} with:

PROXY_URL=${urls} PROXY_TOKEN=${token} npx vitest run --config vitest.stress.config.ts -t pressure

-t failover also needs PROXY_DATABASE_URL=${databaseUrl}

Ctrl-C ends ${stand.proxies.length === 1 ? 'it' : 'them'}, and the PostgreSQL below.`)
  await stopping
} catch (error) {
  if (!(error instanceof Error)) throw error
  console.error(error instanceof MailstormError || 'code' in error ? error.message : error)
  process.exitCode = 1
}
