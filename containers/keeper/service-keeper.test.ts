import { expect, test } from 'vitest'
import type { RunningService, ServiceEnd } from '../service.ts'
import { type KeeperOptions, RESTARTS_PER_MINUTE, ServiceKeeper } from './service-keeper.ts'

/** A service that ends only when told to; `boots` decides whether it starts again. */
class Mortal implements RunningService {
  readonly name = 'mortal'
  readonly backend = 'embedded'
  readonly life: number
  endedBy: string | undefined
  stopped = false
  readonly #end = Promise.withResolvers<ServiceEnd | undefined>()
  readonly #boots: () => boolean

  constructor(boots: () => boolean = () => true, life = 1) {
    this.#boots = boots
    this.life = life
  }

  get ended() {
    return this.#end.promise
  }

  dies(): void {
    this.endedBy = 'killed by SIGKILL'
    this.#end.resolve({ by: this.endedBy, atEpochMs: 0 })
  }

  async startAgain(): Promise<Mortal> {
    if (!this.#boots()) throw new Error('Failed to start mortal: the port is taken.')
    return new Mortal(this.#boots, this.life + 1)
  }

  async usage() {
    return undefined
  }

  async logTail() {
    return [`line of life ${this.life}`, '\u001b[2Jcleared']
  }

  async stop() {
    this.stopped = true
    this.#end.resolve(undefined)
  }

  [Symbol.asyncDispose]() {
    return this.stop()
  }
}

/** A keeper with a manual clock, which also advances while the keeper waits. */
function rig(options: Partial<KeeperOptions> = {}) {
  const said: string[] = []
  const waitsMs: number[] = []
  const clock = { ms: 0 }
  const keeper = new ServiceKeeper({
    restarts: true,
    say: (text) => said.push(text),
    nowMs: () => clock.ms,
    sleep: async (ms) => {
      waitsMs.push(ms)
      clock.ms += ms
    },
    ...options,
  })
  return { keeper, said, waitsMs, clock }
}

test('says when and how a service ended, the end of its log without control characters, and what to do', async () => {
  const { keeper, said } = rig({ restarts: false })
  const service = new Mortal()
  const kept = keeper.keep<Mortal>(service, 'mortal://here')
  service.dies()
  await expect.poll(() => said).toHaveLength(1)
  expect(said[0]).toMatch(
    /^\d\d:\d\d:\d\d mortal has ended: killed by SIGKILL\.\n {2}The end of its log:\n {4}line of life 1\n {4}cleared\n[\s\S]*--restart/,
  )
  expect(kept).toMatchObject({ state: 'ended', restarts: 0, lastEnd: { by: 'killed by SIGKILL' } })
})

test('brings a service back, waiting twice as long each time, and gives up within a minute', async () => {
  const { keeper, said, waitsMs } = rig()
  const kept = keeper.keep<Mortal>(new Mortal(), 'mortal://here')
  for (let life = 1; life <= RESTARTS_PER_MINUTE; life++) {
    kept.current.dies()
    await expect.poll(() => kept.current.life).toBe(life + 1)
    expect(kept).toMatchObject({ state: 'running', restarts: life })
  }
  kept.current.dies()
  await expect.poll(() => kept.state).toBe('given up')
  expect(waitsMs).toEqual([250, 500, 1000, 2000, 4000])
  expect(kept.restarts).toBe(RESTARTS_PER_MINUTE)
  expect(said.at(-1)).toContain('was given up after 5 restarts within a minute')
  expect(await kept.logTail(3)).toEqual(['\u001b[2Jcleared', 'line of life 6', '\u001b[2Jcleared'])
  expect((await kept.logTail(100)).filter((line) => line.startsWith('line'))).toHaveLength(6)
})

test('a service that ends now and then is brought back for ever', async () => {
  const { keeper, clock, waitsMs } = rig()
  const kept = keeper.keep<Mortal>(new Mortal(), 'mortal://here')
  for (let life = 1; life <= 3 * RESTARTS_PER_MINUTE; life++) {
    kept.current.dies()
    await expect.poll(() => kept.current.life).toBe(life + 1)
    clock.ms += 30_000
  }
  expect(Math.max(...waitsMs)).toBe(500)
})

test('a start that fails is said, and counts as an attempt', async () => {
  const { keeper, said, waitsMs } = rig()
  const service = new Mortal(() => false)
  const kept = keeper.keep<Mortal>(service, 'mortal://here')
  service.dies()
  await expect.poll(() => kept.state).toBe('given up')
  expect(waitsMs).toHaveLength(RESTARTS_PER_MINUTE)
  expect(said.filter((text) => text.includes('the port is taken'))).toHaveLength(RESTARTS_PER_MINUTE)
  expect(kept.restarts).toBe(0)
})

test('is quiet about what is stopped, and stops the life that was about to begin', async () => {
  const { keeper, said } = rig()
  const calm = keeper.keep(new Mortal(), 'mortal://here')
  await calm.stop()
  expect(said).toEqual([])

  const called = Promise.withResolvers<void>()
  const booted = Promise.withResolvers<Mortal>()
  const dying = new Mortal()
  dying.startAgain = () => {
    called.resolve()
    return booted.promise
  }
  const kept = keeper.keep<Mortal>(dying, 'mortal://here')
  dying.dies()
  await called.promise
  const stopping = kept.stop()
  const next = new Mortal()
  booted.resolve(next)
  await stopping
  expect(said).toHaveLength(1)
  expect(next.stopped).toBe(true)
})

test('leaves alone what ends after it was told to rest', async () => {
  const { keeper, said } = rig()
  const service = new Mortal()
  const kept = keeper.keep<Mortal>(service, 'mortal://here')
  keeper.rest()
  service.dies()
  await kept.stop()
  expect(said).toEqual([])
  expect(kept.restarts).toBe(0)
})
