import type { OnReply, OnSample } from './hooks.ts'

/** Counts what each hook sees, replies by their phase. */
export const onSample: OnSample = (sample, metrics) => {
  metrics.add('samples')
  metrics.add('connected', sample.phaseMs('connect') !== undefined)
  metrics.add('service_ms', sample.serviceMs)
  metrics.add('newest', sample.message)
}

export const onReply: OnReply = (reply, metrics) => {
  metrics.add(`replies_${reply.phase}`)
  if (reply.code >= 400) metrics.add('refusals')
}
