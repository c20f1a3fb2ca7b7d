import { describe, expect, test } from 'vitest'
import { type DisposableParts, PortableDisposableStack } from './disposable-stack.ts'

/** Ours must behave like the language's own. */
describe.each<[string, new () => DisposableParts]>([
  ['AsyncDisposableStack', AsyncDisposableStack],
  ['PortableDisposableStack', PortableDisposableStack],
])('%s', (_, Stack) => {
  test('disposes of what is used, adopted and deferred, the last first and each awaited', async () => {
    const log: string[] = []
    {
      await using stack = new Stack()
      stack.defer(() => void log.push('deferred'))
      const used = { [Symbol.asyncDispose]: async () => void log.push(await Promise.resolve('used')) }
      expect(stack.use(used)).toBe(used)
      stack.use({ [Symbol.dispose]: () => void log.push('used at once') })
      stack.use(undefined)
      expect(stack.adopt(7, (part) => void log.push(`adopted ${part}`))).toBe(7)
    }
    expect(log).toEqual(['adopted 7', 'used at once', 'used', 'deferred'])
  })

  test('what is moved outlives it', async () => {
    const log: string[] = []
    const stack = new Stack()
    stack.defer(() => void log.push('ended'))
    const moved = stack.move()
    await stack.disposeAsync()
    expect([stack.disposed, moved.disposed, log]).toEqual([true, false, []])
    await moved.disposeAsync()
    await moved.disposeAsync()
    expect(log).toEqual(['ended'])
  })

  test('takes nothing once it is disposed of, nor what cannot be', async () => {
    const stack = new Stack()
    expect(() => stack.use({} as Disposable)).toThrow(TypeError)
    await stack.disposeAsync()
    expect(() => stack.defer(() => undefined)).toThrow(ReferenceError)
    expect(() => stack.move()).toThrow(ReferenceError)
  })

  test('disposes of all, and then tells the error of the one that failed', async () => {
    const log: string[] = []
    const stack = new Stack()
    stack.defer(() => void log.push('first'))
    stack.defer(() => Promise.reject(new Error('second')))
    await expect(stack.disposeAsync()).rejects.toThrow('second')
    expect(log).toEqual(['first'])
  })
})
