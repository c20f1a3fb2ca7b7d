import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { TestCase, Vitest } from 'vitest/node'
import { burstResult } from '../src/report/result.fixture.ts'
import MetricsReporter from './metrics-reporter.ts'

/** As much of Vitest as the reporter touches. */
function vitest(): { readonly fake: Vitest; readonly log: string[]; close(): Promise<unknown> } {
  const log: string[] = []
  const closing: (() => unknown)[] = []
  const fake = {
    config: { reporters: [] },
    logger: { log: (line: string) => log.push(line) },
    onClose: (close: () => unknown) => closing.push(close),
  } as unknown as Vitest
  return { fake, log, close: () => Promise.all(closing.map((close) => close())) }
}

const testCase = { meta: () => ({ mailstormResult: burstResult() }) } as unknown as TestCase

async function takenPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

test('stays until its last figures have been fetched', async () => {
  const { fake, log, close } = vitest()
  const reporter = new MetricsReporter({ host: '127.0.0.1', port: 0, asked: true }, 60_000)
  await reporter.onInit(fake)
  onTestFinished(() => void close())
  reporter.onTestCaseResult(testCase)
  const ended = reporter.onTestRunEnd()
  const url = /http:\S+/.exec(log[0] ?? '')?.[0] ?? ''
  expect(await (await fetch(url)).text()).toContain(
    'mailstorm_runs_total{scenario="burst",part="",verdict="PASSED"} 1',
  )
  await ended
})

test('does not wait for ever for a Prometheus that does not come, nor at all when nothing ran', async () => {
  const { fake, log, close } = vitest()
  const reporter = new MetricsReporter({ host: '127.0.0.1', port: 0, asked: true }, 10)
  await reporter.onInit(fake)
  onTestFinished(() => void close())
  await reporter.onTestRunEnd()
  expect(log).toHaveLength(1)
  reporter.onTestCaseResult(testCase)
  await reporter.onTestRunEnd()
  expect(log[1]).toBe('Waiting up to 0.01 s for Prometheus to fetch the last figures …')
})

test('a port that is taken stops a run that asked for it, and no other', async () => {
  const port = await takenPort()
  const asked = new MetricsReporter({ host: '127.0.0.1', port, asked: true })
  const said: unknown[] = []
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(text) > 0)
  vi.spyOn(process, 'exit').mockImplementation((code) => {
    throw new Error(`ended with code ${code}`)
  })
  onTestFinished(() => void vi.restoreAllMocks())
  await expect(asked.onInit(vitest().fake)).rejects.toThrow('ended with code 2')
  expect(said.join('')).toContain(`127.0.0.1:${port}: the port is taken`)
  const { fake, log } = vitest()
  const notAsked = new MetricsReporter({ host: '127.0.0.1', port, asked: false })
  await notAsked.onInit(fake)
  notAsked.onTestCaseResult(testCase)
  await notAsked.onTestRunEnd()
  expect(log).toEqual([
    `Prometheus will not see this run. Failed to serve the metrics of the run at 127.0.0.1:${port}: the port is taken.`,
  ])
})
