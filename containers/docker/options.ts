/** The resources that a container may use. */
export interface Limits {
  /** CPU cores; a number above what the engine has means all of them. */
  readonly cpus: number
  readonly memoryBytes: number
}

/** Options that every service in a container takes beside its own. */
export interface DockerOptions {
  /** Default: differs per service. */
  readonly limits?: Limits
  /** Told before anything that takes time. Default: `console.info`. */
  readonly note?: (line: string) => void
}

/** Default limit for a service to become ready. */
export const READY_WITHIN_MS = 30_000
/** Limit for fetching an image, and for building one. */
export const IMAGE_WITHIN_MS = 300_000
/** Base image of our programs. */
export const NODE_IMAGE = 'node:24-alpine'
