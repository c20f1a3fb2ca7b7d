/** The phases of a transaction, in order: what the sender times, and what a threshold can name, as in `connect.p(99)`. */
export const TRANSACTION_PHASES = [
  'connect',
  'tls',
  'greeting',
  'ehlo',
  'auth',
  'envelope',
  'data',
  'transfer',
  'accept',
  'quit',
] as const
