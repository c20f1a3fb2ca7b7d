import { fileURLToPath } from 'node:url'
import { EmbeddedProcess } from './embedded-process.ts'
import { EmbeddedService, LOOPBACK } from './embedded-service.ts'
import { MailhogClient } from './mailhog-client.ts'
import type { RunningService, Service } from './service.ts'

export interface MailhogOptions {
  /** As `mailhog`. */
  readonly name?: string
  /** Its name in greetings, ids and Received fields. */
  readonly hostname?: string
  /** Undefined = any free port. */
  readonly smtpPort?: number
  readonly apiPort?: number
  /** Keep digests and headers, drop the bodies. Ours alone. */
  readonly digestOnly?: boolean
  /** Header fields that `/sink/digests` shows. Ours alone. */
  readonly digestHeaders?: readonly string[]
  /** Digest texts and attachments for `/sink/deliveries`. Ours alone. */
  readonly mimeDigests?: boolean
  /** More of MailHog's variables, as MH_CORS_ORIGIN. */
  readonly environment?: Readonly<Record<string, string>>
  readonly readyWithinMs?: number
}

export interface RunningMailhog extends RunningService {
  readonly host: string
  readonly smtpPort: number
  readonly apiPort: number
  /** As `http://127.0.0.1:8025`, with the web path if there is one. */
  readonly apiUrl: string
  readonly client: MailhogClient
  readonly pid: number
}

const PROGRAM = fileURLToPath(new URL('../src/programs/sink/main.ts', import.meta.url))

/** Our stand-in for MailHog as a process of this machine. */
export function embeddedMailhog(options: MailhogOptions = {}): Service<RunningMailhog> {
  const name = options.name ?? 'mailhog'
  return {
    async start() {
      const { readyWithinMs } = options
      const program = await EmbeddedProcess.start({
        name,
        program: PROGRAM,
        env: environmentOf(options),
        ...(readyWithinMs === undefined ? {} : { readyWithinMs }),
      })
      return new EmbeddedMailhog(name, program, options)
    },
  }
}

function environmentOf(options: MailhogOptions): Record<string, string> {
  const api = `${LOOPBACK}:${options.apiPort ?? 0}`
  return {
    MH_SMTP_BIND_ADDR: `${LOOPBACK}:${options.smtpPort ?? 0}`,
    MH_API_BIND_ADDR: api,
    MH_UI_BIND_ADDR: api,
    MH_HOSTNAME: options.hostname ?? '',
    ...digestEnvironment(options),
    ...options.environment,
  }
}

/** What only our own has. */
export function digestEnvironment(options: MailhogOptions) {
  const { digestOnly = false, digestHeaders = [], mimeDigests = false } = options
  return {
    SINK_DIGEST_ONLY: String(digestOnly),
    SINK_DIGEST_HEADERS: digestHeaders.join(),
    SINK_MIME_DIGESTS: String(mimeDigests),
  }
}

class EmbeddedMailhog extends EmbeddedService implements RunningMailhog {
  readonly smtpPort: number
  readonly apiPort: number
  readonly apiUrl: string
  readonly client: MailhogClient
  readonly #options: MailhogOptions

  constructor(name: string, program: EmbeddedProcess, options: MailhogOptions) {
    super(name, program)
    this.#options = options
    const { smtp_port: smtpPort, api_port: apiPort, web_path: webPath } = program.readyLine
    this.smtpPort = Number(smtpPort)
    this.apiPort = Number(apiPort)
    this.apiUrl = `http://${LOOPBACK}:${this.apiPort}${webPath}`
    this.client = new MailhogClient(this.apiUrl)
  }

  /** Its messages were in its memory, and are gone. */
  startAgain(): Promise<RunningMailhog> {
    const { smtpPort, apiPort } = this
    return embeddedMailhog({ ...this.#options, smtpPort, apiPort }).start()
  }
}
