import { randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import { arch, cpus, platform, release, totalmem } from 'node:os'
import type { Result } from '../engine/result.ts'
import { manifest } from '../packages.ts'

const require = createRequire(import.meta.url)

/** `YYYYMMDD-HHMMSS` in local time, as in the names of result files. */
export function stampOf(date: Date): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${date.getFullYear()}${two(date.getMonth() + 1)}${two(date.getDate())}`
  return `${day}-${two(date.getHours())}${two(date.getMinutes())}${two(date.getSeconds())}`
}

/** Unique across runs and machines; letters and digits, as allowed in a Message-ID. */
export function newRunId(): string {
  return Date.now().toString(36) + randomBytes(3).toString('hex')
}

/** Versions of the software in a run. */
export function versions(): Record<string, string> {
  return {
    mailstorm: manifest.version,
    node: process.versions.node,
    ...versionOf('vitest'),
    ...versionOf('smtp-server'),
  }
}

/** Empty for a missing package: a plain script needs no Vitest. */
function versionOf(name: string): Record<string, string> {
  try {
    const { version } = require(`${name}/package.json`) as { version: string }
    return { [name]: version }
  } catch {
    return {}
  }
}

/** The machine that a run's load came from. */
export function machine(): Result['machine'] {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memory_bytes: totalmem(),
    os: `${platform()} ${release()} ${arch()}`,
  }
}
