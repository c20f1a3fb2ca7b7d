/** What a container may use of its machine. */
export interface Limits {
  /** Cores; more than the engine has are taken as all it has. */
  readonly cpus: number
  readonly memoryBytes: number
}

/** What every service in a container can be told beside its own options. */
export interface DockerOptions {
  /** The default differs from service to service. */
  readonly limits?: Limits
  /** Told before anything that takes time. */
  readonly note?: (line: string) => void
}

export const READY_WITHIN_MS = 30_000
export const IMAGE_WITHIN_MS = 300_000
/** Base of the images of our programs. */
export const NODE_IMAGE = 'node:24-alpine'
