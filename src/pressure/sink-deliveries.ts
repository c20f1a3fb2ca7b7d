import { MailstormError } from '../error.ts'
import type { DeliveryLine } from '../programs/sink/http/own-routes.ts'
import { type Delivery, type DeliverySource, ID_HEADER } from './delivery.ts'

const SINK_ANSWERS_WITHIN_MS = 30_000

/** What our own sink took, by the digests that it made while it received. */
export class SinkDeliveries implements DeliverySource {
  readonly name: string
  readonly #apiUrl: string
  #read = 0

  constructor(name: string, apiUrl: string) {
    this.name = name
    this.#apiUrl = apiUrl
  }

  async read(): Promise<readonly Delivery[]> {
    const url = `${this.#apiUrl}/sink/deliveries?from=${this.#read}`
    const response = await fetch(url, { signal: AbortSignal.timeout(SINK_ANSWERS_WITHIN_MS) })
    if (!response.ok)
      throw new MailstormError('DELIVERIES', `Failed to read deliveries: ${url} answered ${response.status}.`)
    const lines = (await response.text()).split('\n').filter((line) => line !== '')
    this.#read += lines.length
    return lines.map((line) => sinkDelivery(JSON.parse(line) as DeliveryLine))
  }
}

function sinkDelivery(line: DeliveryLine): Delivery {
  const { headers, at_epoch_ms: atEpochMs, bytes, recipients, text_md5: textMd5, attachments } = line
  return { id: headers[ID_HEADER] ?? '', atEpochMs, bytes, recipients, textMd5, attachments }
}
