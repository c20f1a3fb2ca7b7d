import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { ask, startProgram, stopProgram } from './program-thread.ts'

/** Says that it is ready; then answers "who" and ends at anything else. */
const PROGRAM = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort } from 'node:worker_threads'
    parentPort.on('message', (text) => (text === 'who' ? parentPort.postMessage('me') : process.exit(3)))
    parentPort.postMessage('ready')
  `)}`,
)
const ENDS_AT_ONCE = new URL('data:text/javascript,')

describe('a program in a thread', () => {
  it('says that it is ready, and answers', async () => {
    const [worker, ready] = await startProgram(PROGRAM, undefined)
    expect([ready, await ask(worker, 'who')]).toEqual(['ready', 'me'])
    await worker.terminate()
  })

  it('that ends instead of an answer is not waited for', async () => {
    const [worker] = await startProgram(PROGRAM, undefined)
    await expect(ask(worker, 'die')).rejects.toThrow('the thread ended with code 3 and no answer')
  })

  it('that has ended is not asked, and needs no stop', async () => {
    const [worker] = await startProgram(PROGRAM, undefined)
    const exited = once(worker, 'exit')
    await worker.terminate()
    await exited
    await expect(ask(worker, 'who')).rejects.toThrow('the thread has ended')
    await expect(stopProgram(worker, 'stop')).resolves.toBeUndefined()
  })

  it('that ends before it is ready is an error, not a wait', async () => {
    await expect(startProgram(ENDS_AT_ONCE, undefined)).rejects.toThrow('the thread ended with code 0')
  })
})
