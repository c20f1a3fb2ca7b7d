import type { Store, StoreContext } from './store.ts'
import { readStoreAddress } from './stores/forms.ts'
import { openStore } from './stores/registry.ts'

/**
 * Opens the stores of a test run's loads, a new one for each: what one has seen is not seen by the next. The first of
 * each address is kept to the end, because a relay goes on delivering between two loads.
 */
export class StoreKeeper implements AsyncDisposable {
  readonly #context: StoreContext
  readonly #kept = new Map<string, Promise<Store>>()

  constructor(context: StoreContext) {
    this.#context = context
  }

  async open(address: string, recipients: () => readonly string[]): Promise<Store> {
    const reading = readStoreAddress(address)
    if (!('value' in reading) || reading.value === undefined)
      throw new RangeError('the address of a store has been checked before it is opened')
    const context = { ...this.#context, recipients }
    const kept = this.#kept.get(address) ?? openStore(reading.value, context)
    this.#kept.set(address, kept)
    try {
      await kept
    } catch (error) {
      this.#kept.delete(address)
      throw error
    }
    return openStore(reading.value, context)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const store of await Promise.allSettled(this.#kept.values()))
      if (store.status === 'fulfilled') await store.value[Symbol.asyncDispose]()
  }
}
