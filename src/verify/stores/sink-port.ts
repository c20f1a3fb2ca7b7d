/** Where a relay has to send what the sink is to take. */
export interface SinkPort {
  readonly protocol: 'smtp' | 'lmtp'
  readonly port: number
}

/** Where the port is not given. */
export const DEFAULT_SINK: SinkPort = { protocol: 'smtp', port: 2525 }

/** `2525`, `lmtp:2525`, or nothing; undefined when it is none of these. */
export function readSinkPort(rest: string): SinkPort | undefined {
  const [, protocol = 'smtp', digits = ''] = /^(?:(smtp|lmtp)(?::|$))?(\d{0,5})$/.exec(rest) ?? []
  if (rest !== '' && protocol === 'smtp' && digits === '' && rest !== 'smtp') return undefined
  const port = digits === '' ? DEFAULT_SINK.port : Number(digits)
  if (port < 1 || port > 65_535) return undefined
  return { protocol: protocol === 'lmtp' ? 'lmtp' : 'smtp', port }
}
