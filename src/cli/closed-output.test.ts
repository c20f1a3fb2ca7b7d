import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { closeSync, existsSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { expect, onTestFinished, test } from 'vitest'
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

/** A process that goes on for a while after its first line; its standard output is opened for that. */
function outputTo(path: string): SpawnSyncReturns<string> {
  const program = [
    `import { outliveClosedOutput } from ${JSON.stringify(join(import.meta.dirname, 'closed-output.ts'))}`,
    'outliveClosedOutput()',
    'console.log("one")',
    'setTimeout(() => { console.log("two"); console.error("came to its end") }, 20)',
  ].join('\n')
  const output = openSync(path, 'w')
  onTestFinished(() => closeSync(output))
  return spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
    stdio: ['ignore', output, 'pipe'],
  })
}

test.skipIf(!existsSync('/dev/full'))(
  'an output on a full disk ends nothing; the loss is told once, and the exit code is not 0',
  () => {
    const { status, stderr } = outputTo('/dev/full')
    expect(stderr).toContain('came to its end')
    expect(stderr.match(/Failed to write the output: ENOSPC: .*/g)).toHaveLength(1)
    expect(status).toBe(1)
  },
)
