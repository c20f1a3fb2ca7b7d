import type { Delivery, StoreUnderTest } from '../../../src/verify/store.contract.ts'
import type { Store } from '../../../src/verify/store.ts'
import { storeOf } from '../../../src/verify/stores/registry.ts'
import { startWildStore, type WildStore } from '../wild-server.ts'
import { deliver } from './delivery.fixture.ts'

export interface CatcherOptions {
  /** Of its start script. */
  readonly options?: readonly string[]
  readonly recipients?: readonly string[]
  readonly notes?: string[]
}

/** A real mail catcher, and the store that reads it; `port` takes mail by SMTP. */
export async function startCatcher(
  name: Exclude<WildStore, 'dovecot'>,
  { options = [], recipients = [], notes = [] }: CatcherOptions = {},
): Promise<StoreUnderTest & { readonly port: number }> {
  const server = await startWildStore(name, options)
  const context = {
    allowPublicTargets: false,
    recipients: () => recipients,
    note: (line: string) => void notes.push(line),
  }
  const store = await storeOf(`${name}:http://127.0.0.1:${server.readPorts[0]}`, context)
  if (store === undefined) throw new Error('no store')
  return {
    store,
    port: server.port,
    deliver: (mails: readonly Delivery[]) => deliver(server.port, mails),
    [Symbol.asyncDispose]: async () => server[Symbol.dispose](),
  }
}

/** What has come of run `a` since the last look. */
export function look(store: Store) {
  return Array.fromAsync(store.arrivals('a', new AbortController().signal))
}
