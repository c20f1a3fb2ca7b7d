import { scenarioParts, TLS_TABLE } from 'mailstorm'

const SESSION_EACH = {
  executor: 'shared-iterations',
  messages: 1_000,
  workers: 10,
  size: 'small',
  messagesPerSession: 1,
  thresholds: ['success_rate>=0.99', 'p(99)<5000'],
} as const

/** What does encryption cost? The same load in plaintext, with STARTTLS (RFC 3207) and with implicit TLS (RFC 8314). */
scenarioParts(
  'tls',
  {
    plain: { ...SESSION_EACH, tls: 'none' },
    starttls: { ...SESSION_EACH, tls: 'starttls' },
    implicit: { ...SESSION_EACH, tls: 'implicit' },
  },
  { onlyWhenNamed: true, table: TLS_TABLE },
)
