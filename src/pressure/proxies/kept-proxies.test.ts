import { expect, test } from 'vitest'
import type { RunningProxyService } from '../../../containers/proxy.ts'
import type { ServiceEnd } from '../../../containers/service.ts'
import { RunEvents } from '../parts.ts'
import { proxyProcesses } from './proxies.ts'

const PLAN = { databaseUrl: 'postgresql://none', instances: 1, settings: {} }

/** A proxy that ends when told to. */
class Mortal {
  readonly name = 'proxy-1'
  readonly port = 8000
  readonly url = 'http://127.0.0.1:8000'
  stopped = false
  readonly #end = Promise.withResolvers<ServiceEnd | undefined>()
  readonly ended = this.#end.promise

  dies(): void {
    this.#end.resolve({ by: 'killed by SIGKILL', atEpochMs: 0 })
  }

  async stop(): Promise<void> {
    this.stopped = true
    this.#end.resolve(undefined)
  }
}

async function keptProxy(boots: ((proxy: Mortal) => Promise<unknown>)[] = []) {
  const lives: Mortal[] = []
  const events = new RunEvents()
  const proxies = await proxyProcesses(PLAN, events, async () => {
    const proxy = new Mortal()
    await boots.shift()?.(proxy)
    lives.push(proxy)
    return proxy as unknown as RunningProxyService
  })
  return { proxies, lives, events }
}

test('restarts a proxy that dies on its port, a few times only', async () => {
  const { proxies, lives, events } = await keptProxy()
  for (let life = 1; life <= 4; life++) {
    await expect.poll(() => lives.length).toBe(life)
    lives.at(-1)?.dies()
  }
  await expect
    .poll(() => events.all.map(({ what }) => what))
    .toEqual([...Array(3).fill('proxy-1 was restarted'), 'proxy-1 died again and was not restarted'])
  await proxies[Symbol.asyncDispose]()
})

test('a proxy that is being restarted when the run ends does not outlive it', async () => {
  const restarting = Promise.withResolvers<void>()
  const goOn = Promise.withResolvers<void>()
  const { proxies, lives } = await keptProxy([
    async () => undefined,
    async () => {
      restarting.resolve()
      await goOn.promise
    },
  ])
  lives[0]?.dies()
  await restarting.promise
  const ended = proxies[Symbol.asyncDispose]()
  goOn.resolve()
  await ended
  await expect.poll(() => lives.length).toBe(2)
  expect(lives[1]?.stopped).toBe(true)
})
