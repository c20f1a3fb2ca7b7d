import { requirePackages } from '../../src/packages.ts'
import type { Engine } from './engine.ts'

/**
 * Connects to the container engine. Its client is an optional package, loaded only when containers are wanted
 * because that takes a second. Throws MailstormError when the package is not installed or no engine answers.
 */
export async function connectEngine(...packages: readonly string[]): Promise<Engine> {
  requirePackages('use containers', ['testcontainers', ...packages])
  const { Engine } = await import('./engine.ts')
  return Engine.connect()
}
