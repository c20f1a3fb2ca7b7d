import { MailstormError } from '../src/error.ts'
import { embeddedMailhog, type MailhogOptions, type RunningMailhog } from './mailhog.ts'
import { dockerMailhog } from './mailhog-docker.ts'
import type { Service } from './service.ts'
import { dockerSink } from './sink-docker.ts'

/** Where delivered mail ends: the real MailHog, or ours, which answers as it does. */
export const SINKS = ['mailhog', 'mailstorm'] as const
export type Sink = (typeof SINKS)[number]

export interface SinkChoice {
  readonly backend: 'embedded' | 'docker'
  /** In containers; processes of this machine are always ours. */
  readonly sink: Sink
  /** The largest message that it will be sent. */
  readonly largestMessageBytes: number
  readonly mailhogImage?: string
  readonly nodeImage?: string
}

/** MailHog v1.0.1 appends line by line: 3.3 s for 1 MB of text, 131 s for 10 MB (reference/mailhog.md). */
const MAILHOG_MAX_MESSAGE_BYTES = 1024 ** 2

/** The sink for a run. Throws MailstormError when the messages are more than it can take. */
export function sinkFor(choice: SinkChoice, options: MailhogOptions = {}): Service<RunningMailhog> {
  const { backend, sink, nodeImage, mailhogImage } = choice
  if (backend === 'embedded') return embeddedMailhog(options)
  if (sink === 'mailstorm')
    return dockerSink({ ...options, ...(nodeImage === undefined ? {} : { nodeImage }) })
  refuseLarge(choice)
  return dockerMailhog({ ...options, ...(mailhogImage === undefined ? {} : { image: mailhogImage }) })
}

function refuseLarge({ largestMessageBytes }: SinkChoice): void {
  if (largestMessageBytes <= MAILHOG_MAX_MESSAGE_BYTES) return
  const megabytes = (largestMessageBytes / 1024 ** 2).toFixed(1)
  throw new MailstormError(
    'SINK_TOO_SLOW',
    `Failed to choose the sink: messages of up to ${megabytes} MB, and MailHog takes at most 1 MB in useful time (its work grows with the square of a message's lines: about 131 s for 10 MB).`,
    'Set SINK=mailstorm for our own sink in a container, which answers as MailHog does.',
  )
}
