import { PassThrough, Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { expect, test } from 'vitest'
import { outliveClosedOutput } from './closed-output.ts'

/** A stream whose every write fails with this code. */
function failing(code: string): Writable {
  return new Writable({
    autoDestroy: false,
    write: (_chunk, _encoding, done) => done(Object.assign(new Error(`write ${code}`), { code })),
  })
}

test.for(['EPIPE', 'EIO'])(
  'what is piped to an output that fails with %s still comes to its end',
  async (code) => {
    const output = failing(code)
    outliveClosedOutput([output])
    const source = new PassThrough()
    source.pipe(output, { end: false })
    for (let line = 0; line < 1_000; line++) source.write(`${'x'.repeat(100)}\n`)
    source.end()
    await finished(source)
    expect(source.readableEnded).toBe(true)
  },
)

test('any other failure of an output is thrown as it was', () => {
  const output = failing('ENOSPC')
  outliveClosedOutput([output])
  expect(() => output.emit('error', Object.assign(new Error('write ENOSPC'), { code: 'ENOSPC' }))).toThrow(
    'ENOSPC',
  )
})
