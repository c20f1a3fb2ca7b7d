type Dispose = () => PromiseLike<void> | void

/** The part of AsyncDisposableStack that we use, for Node 22, which has `await using` but not this class. */
export class PortableDisposableStack implements AsyncDisposable {
  #parts: Dispose[] = []
  #disposed = false

  get disposed(): boolean {
    return this.#disposed
  }

  use<T extends AsyncDisposable | Disposable | null | undefined>(part: T): T {
    if (part === null || part === undefined) return part
    const dispose = Symbol.asyncDispose in part ? part[Symbol.asyncDispose] : part[Symbol.dispose]
    if (typeof dispose !== 'function') throw new TypeError('what is used cannot be disposed of')
    this.defer(() => dispose.call(part))
    return part
  }

  adopt<T>(part: T, onDispose: (part: T) => PromiseLike<void> | void): T {
    this.defer(() => onDispose(part))
    return part
  }

  defer(onDispose: Dispose): void {
    if (this.#disposed) throw new ReferenceError('the stack is disposed of')
    this.#parts.push(onDispose)
  }

  /** Moves everything to a new stack; this one is then empty and closed. */
  move(): PortableDisposableStack {
    if (this.#disposed) throw new ReferenceError('the stack is disposed of')
    const moved = new PortableDisposableStack()
    moved.#parts = this.#parts
    this.#parts = []
    this.#disposed = true
    return moved
  }

  /** Disposes in reverse order, and of everything, even when some fail. */
  async disposeAsync(): Promise<void> {
    if (this.#disposed) return
    this.#disposed = true
    const errors: unknown[] = []
    for (const dispose of this.#parts.splice(0).reverse()) {
      try {
        await dispose()
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length === 1) throw errors[0]
    if (errors.length > 1) throw new AggregateError(errors, 'several parts could not be disposed of')
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.disposeAsync()
  }
}

/**
 * Disposes of resources at the end of a scope, in reverse order: the language's own stack where Node has it.
 */
export type DisposableParts = Pick<
  PortableDisposableStack,
  'use' | 'adopt' | 'defer' | 'disposeAsync' | 'disposed'
> &
  AsyncDisposable & { move(): DisposableParts }

export const DisposableParts: new () => DisposableParts =
  typeof AsyncDisposableStack === 'undefined' ? PortableDisposableStack : AsyncDisposableStack
