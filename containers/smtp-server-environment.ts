import type { SmtpServerOptions } from './smtp-server.ts'

/** Where the server program listens; what is left out is as the program, or its image, has it. */
interface Listening {
  readonly SMTP_HOST?: string
  readonly SMTP_PORT?: number
  /** Of implicit TLS; without a certificate there is none. */
  readonly SMTP_TLS_PORT: number
}

/** What src/programs/smtp-server/main.ts reads, wherever it runs. */
export function serverEnvironment(
  { domain, maxConnections, maxMessageBytes, certificate, auth }: SmtpServerOptions,
  { SMTP_TLS_PORT, ...listening }: Listening,
): Record<string, string> {
  const values = {
    ...listening,
    SMTP_DOMAIN: domain,
    SMTP_MAX_CONNECTIONS: maxConnections,
    SMTP_MAX_MESSAGE_SIZE: maxMessageBytes,
    SMTP_TLS_PORT: certificate === undefined ? undefined : SMTP_TLS_PORT,
    SMTP_TLS_CERT: certificate?.certPem,
    SMTP_TLS_KEY: certificate?.keyPem,
    SMTP_AUTH_USER: auth?.user,
    SMTP_AUTH_PASS: auth?.pass,
  }
  const given = Object.entries(values).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given.map(([name, value]) => [name, String(value)]))
}
