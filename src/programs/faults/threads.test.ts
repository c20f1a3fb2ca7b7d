import { once } from 'node:events'
import { describe, expect, it, test } from 'vitest'
import { RawClient } from '../smtp-server/raw-client.fixture.ts'
import { ask, FaultServerThread, startProgram, stopProgram } from './threads.ts'

test('a server in a thread takes mail, tells its counts, and its ledger can be read from here', async () => {
  await using server = await FaultServerThread.start({ rate: { perSecond: 0.001, burst: 1 } })
  const client = await RawClient.ready(server.port, server.host)
  expect(await client.send('X-Mailstorm-Id: run-1\r\n\r\nbody\r\n')).toBe('250 2.0.0 taken')
  expect(await client.say('MAIL FROM:<a@x.test>')).toMatch(/^451 /)
  expect(await server.counts()).toMatchObject({ connections: 1, accepted: 1, refused: { mail: 1 } })
  expect(await server.ledger('run')).toMatchObject({ accepted: 1, corrupted: 0 })
  expect(await Array.fromAsync(server.entries('run'))).toMatchObject([{ id: 'run-1', intact: true }])
  client.close()
})

test('refuses a bad plan before a thread is started', async () => {
  await expect(FaultServerThread.start({ rate: { perSecond: -1 } })).rejects.toThrow('rate.perSecond is -1')
})

/** Reports ready, then answers "who" and ends at any other message. */
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
