import {
  dockerMailhog,
  dockerSink,
  embeddedMailhog,
  type RunningMailhog,
} from '../../../containers/mailhog.ts'
import { DisposableParts } from '../../disposable-stack.ts'
import { isLoopback, LOOPBACK } from '../../listening.ts'
import type { ContainerOptions } from '../../options/options.ts'
import { ID_HEADER, MailhogDeliveries, SinkDeliveries } from '../deliveries.ts'
import type { Sinks } from '../parts.ts'
import type { Address } from './slow-link.ts'

/** Digest everything needed from a message on arrival; bodies would fill the disk. */
const DIGESTS = { digestOnly: true, mimeDigests: true, digestHeaders: [ID_HEADER] }
/**
 * MailHog v1.0.1 takes 3.3 s of a core for 1 MB, growing with the square of the size (docs/decisions/005-sink.md):
 * with attachments of 500 KB we would be measuring MailHog.
 */
const LARGE_FROM_BYTES = 100 * 1024

/** Our own sink as a local process. */
export async function embeddedSinks(host = LOOPBACK): Promise<Sinks> {
  // Proxies that do not reach us over loopback connect from outside of this machine.
  const environment = isLoopback(host) ? {} : { MH_SMTP_BIND_ADDR: '0.0.0.0:0' }
  return oneSink(await embeddedMailhog({ name: 'sink', ...DIGESTS, environment }).start())
}

/**
 * In containers: the real MailHog, with our sink beside it for messages too large for MailHog; or only ours.
 */
export async function dockerSinks({ sink, mailhogImage, nodeImage }: ContainerOptions): Promise<Sinks> {
  await using begun = new DisposableParts()
  const ours = begun.use(await dockerSink({ name: 'sink', nodeImage, ...DIGESTS }).start())
  if (sink === 'mailstorm') {
    begun.move()
    return oneSink(ours)
  }
  const mailhog = begun.use(await dockerMailhog({ name: 'mailhog', image: mailhogImage }).start())
  const both = begun.move()
  return {
    ...common([mailhog, ours]),
    smtp: smtpOf(mailhog),
    sources: [
      new MailhogDeliveries(mailhog.name, mailhog.apiUrl),
      new SinkDeliveries(ours.name, ours.apiUrl),
    ],
    large: { smtp: smtpOf(ours), fromBytes: LARGE_FROM_BYTES },
    [Symbol.asyncDispose]: () => both.disposeAsync(),
  }
}

function oneSink(sink: RunningMailhog): Sinks {
  return {
    ...common([sink]),
    smtp: smtpOf(sink),
    sources: [new SinkDeliveries(sink.name, sink.apiUrl)],
    large: undefined,
    [Symbol.asyncDispose]: () => sink.stop(),
  }
}

function common(sinks: readonly RunningMailhog[]): Pick<Sinks, 'sampled' | 'watched' | 'logged'> {
  return {
    sampled: sinks,
    logged: sinks,
    watched: sinks.map(({ name, ended }) => ({ name, ended, means: 'deliveries' })),
  }
}

function smtpOf({ host, smtpPort: port }: RunningMailhog): Address {
  return { host, port }
}
