import type { Store } from './store.ts'
import { StoredMessage } from './stored-message.ts'

/** For tests: stores content as if it had been received. */
export function put(
  store: Store,
  id: string,
  content: string,
  to: readonly string[] = ['b@y.test'],
): StoredMessage {
  const bytes = Buffer.from(content, 'latin1')
  const message = new StoredMessage({
    id,
    createdEpochMs: Date.UTC(2026, 10, 22, 3, 39, 40, 644) + 0.25,
    from: 'a@x.test',
    to,
    helo: 'me.test',
    bytes: bytes.length,
    sha256: 's'.repeat(32),
    bodyCrc32: undefined,
    fields: [],
    offset: store.spool.append([bytes]),
    length: bytes.length,
    moreExtents: undefined,
  })
  store.add(message)
  return message
}
