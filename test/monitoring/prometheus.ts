import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { freePort } from '../../containers/loopback.ts'
import { saysOnStderr, stopChild } from '../child-process.ts'

/** Targets of each job, as host:port. */
export type Targets = Readonly<Record<string, readonly string[]>>

export interface Series {
  readonly metric: Readonly<Record<string, string>>
  readonly values: readonly number[]
}

/** Where test/monitoring/install has put it, or the machine's own. */
const HOMES = [
  join(process.env.PROMETHEUS_HOME ?? '/tmp/mailstorm-prometheus', 'usr/bin'),
  '/usr/bin',
  '/usr/local/bin',
]

/** Undefined where Prometheus is not installed. */
export function toolPath(name: 'prometheus' | 'promtool'): string | undefined {
  return HOMES.map((home) => join(home, name)).find(existsSync)
}

export const NO_PROMETHEUS =
  toolPath('prometheus') === undefined
    ? 'there is no Prometheus: run test/monitoring/install (Debian), or put it into /usr/local/bin'
    : undefined

/** Checks a configuration as Prometheus reads it; throws with what is wrong. */
export function checkConfig(path: string): string {
  return execFileSync(toolPath('promtool') ?? 'promtool', ['check', 'config', path], { encoding: 'utf8' })
}

/** A Prometheus on loopback that scrapes once a second, with a database of its own. */
export class Prometheus implements AsyncDisposable {
  readonly url: string
  readonly #folder: string
  readonly #process: ChildProcess

  static async start(targets: Targets): Promise<Prometheus> {
    const folder = await mkdtemp(join(tmpdir(), 'mailstorm-prometheus-'))
    const jobs = Object.entries(targets).map(([job, addresses]) => ({
      job_name: job,
      static_configs: [{ targets: addresses }],
    }))
    const config = join(folder, 'prometheus.yml')
    await writeFile(config, stringify({ global: { scrape_interval: '1s' }, scrape_configs: jobs }))
    const port = await freePort()
    const prometheus = new Prometheus(folder, config, port)
    try {
      await saysOnStderr(prometheus.#process, 'Server is ready to receive web requests')
      return prometheus
    } catch (error) {
      await prometheus[Symbol.asyncDispose]()
      throw error
    }
  }

  private constructor(folder: string, config: string, port: number) {
    this.#folder = folder
    this.url = `http://127.0.0.1:${port}`
    const settings = {
      'config.file': config,
      'storage.tsdb.path': join(folder, 'data'),
      'web.listen-address': `127.0.0.1:${port}`,
    }
    const flags = Object.entries(settings).map(([name, value]) => `--${name}=${value}`)
    this.#process = spawn(toolPath('prometheus') ?? 'prometheus', flags, {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
  }

  /** Values of an expression over the last so many seconds, a second apart. */
  async range(expression: string, lastSeconds: number): Promise<Series[]> {
    const end = Date.now() / 1000
    const query = { query: expression, start: String(end - lastSeconds), end: String(end), step: '1' }
    const response = await fetch(`${this.url}/api/v1/query_range?${new URLSearchParams(query)}`)
    const body = (await response.json()) as {
      status: string
      error?: string
      data: { result: { metric: Record<string, string>; values: [number, string][] }[] }
    }
    if (body.status !== 'success') throw new Error(`${expression}: ${body.error}`)
    return body.data.result.map(({ metric, values }) => ({
      metric,
      values: values.map(([, value]) => Number(value)),
    }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await stopChild(this.#process)
    await rm(this.#folder, { recursive: true, force: true })
  }
}
