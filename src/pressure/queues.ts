import type { PressParts } from './press-parts.ts'

/** Ids of what still waits in the proxies, by tenant; a tenant whose queue cannot be read is not in here. */
export type Queues = ReadonlyMap<string, ReadonlySet<string>>

/** Asked only when something is missing. Whatever proxy answers first: they share the queue. */
export async function queuesOf({
  monitor,
  tenants,
  proxies,
}: Pick<PressParts, 'monitor' | 'tenants' | 'proxies'>): Promise<Queues> {
  const ids = tenants.map(({ tenant }) => tenant.facts.tenantId)
  if (monitor.states.settled >= monitor.states.handedOver) return new Map(ids.map((id) => [id, new Set()]))
  const queues = new Map<string, ReadonlySet<string>>()
  await Promise.all(
    ids.map(async (id) => {
      try {
        queues.set(id, await Promise.any(proxies.map((proxy) => proxy.queuedIds(id))))
      } catch {
        // No proxy answers: what of its messages is lost cannot be told.
      }
    }),
  )
  return queues
}
