import type { MailhogMessage, MailhogPage } from '../../../../containers/mailhog-client.ts'
import { RawSmtp } from './raw-smtp.ts'

export interface ContractTest {
  readonly title: string
  run(hog: Hog): Promise<void>
  readonly timeoutMs?: number
}

/** A defect of one implementation and its reason; printed with every test skipped for it. */
export interface KnownDefect {
  readonly reason: string
  readonly tests: readonly string[]
}

/** Starts one implementation with MailHog's environment variables; the booter sets the bind addresses. */
export type Boot = (environment: Readonly<Record<string, string>>) => Promise<BootedHog>

export interface BootedHog extends AsyncDisposable {
  readonly smtpPort: number
  /** `http://127.0.0.1:8025` */
  readonly apiUrl: string
}

/** A running implementation, as the contract's tests use it. */
export class Hog {
  readonly smtpPort: number
  readonly apiUrl: string
  /** Starts another instance of the same kind. */
  readonly boot: Boot

  constructor(booted: BootedHog, boot: Boot) {
    this.smtpPort = booted.smtpPort
    this.apiUrl = booted.apiUrl
    this.boot = boot
  }

  fetch(path: string, init?: RequestInit): Promise<Response> {
    return fetch(`${this.apiUrl}${path}`, { redirect: 'manual', ...init })
  }

  async list(query = ''): Promise<MailhogPage> {
    return (await (await this.fetch(`/api/v2/messages${query}`)).json()) as MailhogPage
  }

  async search(kind: string, query: string, more = ''): Promise<MailhogPage> {
    const path = `/api/v2/search?kind=${kind}&query=${encodeURIComponent(query)}${more}`
    return (await (await this.fetch(path)).json()) as MailhogPage
  }

  async newest(): Promise<MailhogMessage> {
    const [message] = (await this.list('?limit=1')).items
    if (message === undefined) throw new Error('No message is stored')
    return message
  }

  /** Sends one message on its own connection; resolves with its id. */
  async send(content: string | Buffer, from?: string, to?: readonly string[]): Promise<string> {
    using smtp = await RawSmtp.greeted(this.smtpPort)
    return await smtp.message(content, from, to)
  }

  /** Sends `count` small messages on one connection; message n, from 1, has subject n. */
  async sendMany(count: number): Promise<string[]> {
    using smtp = await RawSmtp.greeted(this.smtpPort)
    const ids: string[] = []
    for (let n = 1; n <= count; n++) ids.push(await smtp.message(`Subject: ${n}\r\n\r\nbody ${n}`))
    return ids
  }

  async deleteAll(): Promise<void> {
    await this.fetch('/api/v1/messages', { method: 'DELETE' })
  }
}
