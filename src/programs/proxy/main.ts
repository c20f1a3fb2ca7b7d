import { errorText } from '../../error.ts'
import { isMain, onEndSignal } from '../../processes.ts'
import { proxyConfigFromEnvironment } from './options.ts'
import { start } from './proxy.ts'

/**
 * The proxy as a program, configured by GMP_*. Writes one line of JSON to stdout once its API answers and its
 * loops run. Ends in order on SIGTERM, SIGINT or SIGHUP, and at once with the parent that opened an IPC channel to it.
 */
export async function main(): Promise<void> {
  const proxy = await start(proxyConfigFromEnvironment(process.env))
  let isStopping = false
  onEndSignal(() => {
    // Asked once more: what is being sent is cut off.
    if (isStopping) process.exit(1)
    isStopping = true
    proxy.stop().then(
      () => process.exit(0),
      (error) => fail(error),
    )
  })
  process.once('disconnect', () => process.exit(0))
  console.log(JSON.stringify({ ready: true, url: proxy.url, port: Number(new URL(proxy.url).port) }))
}

function fail(error: unknown): never {
  console.error(errorText(error))
  process.exit(1)
}

if (isMain(import.meta.url)) main().catch(fail)
