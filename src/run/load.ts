import type { LoadSpec } from '../engine/executors/registry.ts'
import type { Progress } from '../engine/progress.ts'
import type { Result } from '../engine/result.ts'
import { MailstormError } from '../error.ts'
import { type Options, readOptions } from '../options/options.ts'
import { executeRun } from './execute.ts'
import { createServices } from './ground/services.ts'
import type { Row } from './scenario-run.ts'
import { resolveSpec, type SpecBase } from './spec/spec.ts'

/**
 * Options of {@link runLoad}: a scenario's spec without the fields that only the command line has, and where to
 * send it.
 */
export type LoadOptions = Omit<SpecBase, 'baseline' | 'servers' | 'thresholds'> & LoadSpec & LoadRunOptions

/** Options of {@link runLoad} beside the load itself. */
export interface LoadRunOptions {
  /**
   * Running servers, as `host:port` (IPv6 as `[::1]:25`), or as URLs: `smtp://host`, `smtps://host`,
   * `smtp+starttls://host`, `lmtp://host:port`, `lmtp+unix:/path`; `mx:domain` for the mail exchangers of a domain.
   * Connections are spread over all of them in turn.
   */
  readonly targets: readonly string[]
  /** Name server that knows the mail exchangers of targets such as `mx:example.test`, as `127.0.0.1:5353`. */
  readonly resolver?: string
  /**
   * What must hold, in k6's syntax, as in {@link SpecBase}.
   *
   * @defaultValue `[]`: more than 95 % of the messages must then be accepted
   */
  readonly thresholds?: readonly string[]
  /**
   * Name of the run in its result.
   *
   * @defaultValue `'load'`
   */
  readonly name?: string
  /**
   * Whether to send to addresses that are neither loopback nor private.
   *
   * @defaultValue `false`
   */
  readonly allowPublicTargets?: boolean
  /**
   * Whether the servers' certificates must be valid.
   *
   * @defaultValue `true`
   */
  readonly tlsVerify?: boolean
  /**
   * Whether a trial before the load may send one marked message to each server, at pipelining levels
   * `transactions` and `chunks`: it shows whether the server handles that.
   *
   * @defaultValue `true`
   */
  readonly pipeliningTrial?: boolean
  /**
   * Whether to measure for two seconds before the load what this generator reaches at most, for
   * `generator.headroom` of the result.
   *
   * @defaultValue `false`
   */
  readonly calibrate?: boolean
  /**
   * Sender threads, from 1 to 32.
   *
   * @defaultValue a quarter of the machine's cores, at least 1 and at most 4
   */
  readonly threads?: number
  /**
   * Seed of the generated message bodies.
   *
   * @defaultValue `1`
   */
  readonly seed?: number
  /** Ends the run early; its result is then `partial`. */
  readonly signal?: AbortSignal
  /** Called once a second with the progress of the run. */
  readonly onProgress?: (progress: Progress) => void
}

/** What {@link runLoad} measured: the same as a scenario's result file. */
export type LoadResult = Result

/**
 * Sends a load and measures it, without Vitest: for scripts, benchmarks and other test runners. It prints and
 * writes nothing, reads nothing from the environment, and boots no servers.
 *
 * Response times count from when a message was due, so a stalled server cannot hide behind a generator that
 * waits for it (coordinated omission). Times in the result are milliseconds, rates messages per second, shares
 * 0 to 1.
 *
 * @param options - the load, and where to send it
 * @returns the result, even when the run ended early or missed its thresholds: look at `verdict`
 * @throws {@link MailstormError} before anything is sent, when the load makes no sense, a target is public or
 * does not answer with a greeting, or a threshold cannot be parsed
 *
 * @example
 * ```ts
 * import { runLoad } from 'mailstorm/engine'
 *
 * const { metrics, verdict } = await runLoad({
 *   targets: ['127.0.0.1:25'],
 *   executor: 'constant-arrival-rate',
 *   rate: 50,
 *   durationSeconds: 10,
 *   workers: 10,
 *   size: 'small',
 *   thresholds: ['success_rate>=0.999', 'p(99)<500'],
 * })
 * console.log(verdict, metrics.response_time_ms.p99)
 * ```
 */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  // Plain JavaScript may call it without any.
  checkRunOptions(options ?? {})
  const { targets, name = 'load', signal, onProgress, thresholds = [], ...rest } = options
  const { resolver, allowPublicTargets, tlsVerify, threads, seed, pipeliningTrial, calibrate, ...spec } = rest
  const workload = resolveSpec({ ...spec, thresholds }, allowPublicTargets, Object.keys(KINDS))
  const run = { scenario: name, part: null, workload, overrides: [] }
  await using services = createServices(
    optionsOf({
      targets,
      resolver,
      allowPublicTargets,
      tlsVerify,
      threads,
      seed,
      pipeliningTrial,
      calibrate,
    }),
    () => undefined,
  )
  const row: Row<Progress> = {
    services,
    signal: signal ?? new AbortController().signal,
    task: { meta: {} },
    skip: (why) => {
      throw new RangeError(`a run from a script has no row to skip: ${why}`)
    },
    onTestFinished: () => undefined,
    onProgress: async (progress) => onProgress?.(progress),
  }
  // Awaited here: what it uses is disposed of when this function returns.
  return await executeRun(run, row, () => undefined)
}

/** What each option must be: a script may be JavaScript, where `'false'` would count as true. */
const KINDS = {
  targets: ['a list of texts', isListOfTexts],
  resolver: ['a text', isText],
  thresholds: ['a list of texts', isListOfTexts],
  name: ['a text', isText],
  allowPublicTargets: ['true or false', isFlag],
  tlsVerify: ['true or false', isFlag],
  pipeliningTrial: ['true or false', isFlag],
  calibrate: ['true or false', isFlag],
  threads: ['a number', isNumber],
  seed: ['a number', isNumber],
  signal: ['an AbortSignal', (value: unknown) => value instanceof AbortSignal],
  onProgress: ['a function', (value: unknown) => typeof value === 'function'],
} as const satisfies {
  readonly [Name in keyof LoadRunOptions]-?: readonly [what: string, is: (value: unknown) => boolean]
}

function isText(value: unknown): boolean {
  return typeof value === 'string'
}

function isListOfTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every(isText)
}

function isFlag(value: unknown): boolean {
  return typeof value === 'boolean'
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number'
}

/** Fields that are not among them are those of the spec, which are checked with it. */
function checkRunOptions(options: Partial<LoadRunOptions>): void {
  const problems = Object.entries(KINDS).flatMap(([name, [what, is]]) => {
    const value = options[name as keyof typeof KINDS]
    if (value === undefined) return name === 'targets' ? ["targets is missing, as ['127.0.0.1:25']."] : []
    return is(value) ? [] : [`${name} is not ${what}.`]
  })
  if (problems.length === 0) return
  throw new MailstormError('BAD_SCENARIO', ['Failed to read the load:', ...problems].join('\n  '))
}

type Settings = {
  readonly [Name in Setting]: LoadRunOptions[Name] | undefined
}
type Setting =
  | ('targets' | 'allowPublicTargets' | 'tlsVerify' | 'threads' | 'seed')
  | ('pipeliningTrial' | 'calibrate' | 'resolver')

/** Reuses the checks of the environment variables, so a bad option is reported under the variable's name. */
function optionsOf(settings: Settings): Options {
  const { targets, resolver, allowPublicTargets, tlsVerify, threads, seed, pipeliningTrial, calibrate } =
    settings
  const given = {
    SMTP_TARGETS: targets?.join(','),
    STRESS_RESOLVER: resolver,
    ALLOW_PUBLIC_TARGETS: flag(allowPublicTargets),
    STRESS_TLS_VERIFY: flag(tlsVerify),
    STRESS_THREADS: threads?.toString(),
    STRESS_SEED: seed?.toString(),
    STRESS_PIPELINING_TRIAL: flag(pipeliningTrial),
    STRESS_CALIBRATE: flag(calibrate),
  }
  return readOptions(given)
}

function flag(value: boolean | undefined): string | undefined {
  if (value === undefined) return undefined
  return value ? '1' : '0'
}
