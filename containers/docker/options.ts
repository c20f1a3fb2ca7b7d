/** The resources that a container may use. */
export interface Limits {
  /** CPU cores; a number above what the engine has means all of them. */
  readonly cpus: number
  readonly memoryBytes: number
}

/** Options that every service in a container takes beside its own. */
export interface DockerOptions {
  /** The default differs per service. */
  readonly limits?: Limits
  /** Called before anything that takes time. */
  readonly note?: (line: string) => void
}

export const READY_WITHIN_MS = 30_000
export const IMAGE_WITHIN_MS = 300_000
/** Base image of our programs. */
export const NODE_IMAGE = 'node:24-alpine'
