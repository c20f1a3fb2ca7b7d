import { requirePackages } from '../../src/packages.ts'
import type { Engine } from './engine.ts'

/**
 * The container engine that answers. Its client is an optional package, loaded when containers are wanted, which takes a second. Throws
 * MailstormError when the package is not installed, or no engine answers.
 */
export async function connectEngine(...packages: readonly string[]): Promise<Engine> {
  requirePackages('use containers', ['testcontainers', ...packages])
  const { Engine } = await import('./engine.ts')
  return Engine.connect()
}
