import { requirePackages } from '../../src/packages.ts'
import type { Engine } from './engine.ts'

/**
 * Connects to the container engine. Its client is an optional package that takes a second to load, so it is loaded
 * only when containers are wanted. Throws MailstormError when the package is not installed or no engine answers.
 */
export async function connectEngine(...packages: readonly string[]): Promise<Engine> {
  requirePackages('use containers', ['testcontainers', ...packages])
  const { Engine } = await import('./engine.ts')
  return Engine.connect()
}
