import { expect, test } from 'vitest'
import type { ContainerHandle } from './dockerode.ts'
import { logTailOf } from './log-tail.ts'

function frame(stream: 1 | 2, text: string): Buffer {
  const head = Buffer.alloc(8)
  head[0] = stream
  head.writeUInt32BE(Buffer.byteLength(text), 4)
  return Buffer.concat([head, Buffer.from(text)])
}

const containerWith = (logs: () => Promise<Buffer>) => ({ logs }) as unknown as ContainerHandle

test('gives both streams line by line, in their order', async () => {
  const log = Buffer.concat([frame(1, 'out 1\n'), frame(2, 'err é\r\n\nlast'), frame(1, ' words\n')])
  const lines = await logTailOf(
    containerWith(async () => log),
    50,
  )
  expect(lines).toEqual(['out 1', 'err é', '', 'last words'])
})

test('gives none of a container that is silent, or removed', async () => {
  const removed = Promise.reject(Object.assign(new Error('no such container'), { statusCode: 404 }))
  expect(
    await logTailOf(
      containerWith(async () => Buffer.alloc(0)),
      50,
    ),
  ).toEqual([])
  expect(
    await logTailOf(
      containerWith(() => removed),
      50,
    ),
  ).toEqual([])
})

test('throws what else the engine refuses', async () => {
  const broken = Promise.reject(new Error('broken'))
  await expect(
    logTailOf(
      containerWith(() => broken),
      50,
    ),
  ).rejects.toThrow('broken')
})
