/**
 * The environment of this process. Only this file, `readOptions()` and the mains of programs touch
 * `process.env`; biome.json refuses it elsewhere, so that what a run depends on is found here.
 */
export function environment(): NodeJS.ProcessEnv {
  return process.env
}

/** One variable; undefined when it is not set. */
export function variable(name: string): string | undefined {
  return process.env[name]
}

/** Those of the named variables that are set: what a child process gets to see of ours. */
export function inherited(...names: readonly string[]): Record<string, string> {
  const values = names.map((name) => [name, process.env[name]] as const)
  return Object.fromEntries(values.filter((pair): pair is [string, string] => pair[1] !== undefined))
}

/** Those whose name begins so. */
export function variablesWith(prefix: string): Record<string, string> {
  return inherited(...Object.keys(process.env).filter((name) => name.startsWith(prefix)))
}

/** Some packages read some of their settings from the environment only; this one holds while `body` runs. */
export async function withVariable<T>(name: string, value: string, body: () => Promise<T>): Promise<T> {
  const before = process.env[name]
  process.env[name] = value
  try {
    return await body()
  } finally {
    if (before === undefined) delete process.env[name]
    else process.env[name] = before
  }
}

/** The results folder, for code that must not fail on other, invalid options. */
export function namedResultsFolder(): string {
  return process.env.STRESS_RESULTS_DIR || 'results'
}

/** The package manager that started this process, such as `pnpm`; undefined when none did. */
export function startedByPackageManager(): string | undefined {
  return /^\w+\/\d+/.exec(process.env.npm_config_user_agent ?? '')?.[0]
}

/** NO_COLOR is set to anything (https://no-color.org). */
export function isColorRefused(): boolean {
  return Boolean(process.env.NO_COLOR)
}

/** Set by every CI system that we know of. */
export function isCi(): boolean {
  return Boolean(process.env.CI)
}

/** Vitest's extension runs us and shows errors itself. */
export function isInVsCode(): boolean {
  return process.env.VITEST_VSCODE !== undefined
}

/** What GitHub Actions gives to a step. */
export function githubActions(): { readonly isRunner: boolean; readonly summaryFile: string | undefined } {
  const { GITHUB_ACTIONS, GITHUB_STEP_SUMMARY } = process.env
  return { isRunner: GITHUB_ACTIONS === 'true', summaryFile: GITHUB_STEP_SUMMARY || undefined }
}
