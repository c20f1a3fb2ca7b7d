import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { identityOf, isAlive, lives, pidOf } from './processes.ts'

test('a process is alive until it has ended', async () => {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], {
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  await once(child, 'spawn')
  const pid = child.pid ?? 0
  const identity = identityOf(pid)
  expect([isAlive(pid), lives(identity), pidOf(identity)]).toEqual([true, true, pid])
  child.stdin.end()
  await once(child, 'exit')
  expect([isAlive(pid), lives(identity)]).toEqual([false, false])
})

/** A shell that becomes another program does not fetch the exit code of its child, which stays a zombie. */
const PARENT_OF_A_ZOMBIE = 'sh -c "read line" <&3 & echo $!; exec cat'

test('a zombie has ended, though its pid is still taken', async ({ skip }) => {
  if (process.platform !== 'linux') skip('needs /proc to know when it is one')
  const parent = spawn('sh', ['-c', PARENT_OF_A_ZOMBIE], { stdio: ['pipe', 'pipe', 'inherit', 'pipe'] })
  onTestFinished(() => void parent.kill('SIGKILL'))
  const [line] = (await once(parent.stdout as NodeJS.ReadableStream & NodeJS.EventEmitter, 'data')) as [
    Buffer,
  ]
  const pid = Number(line.toString())
  const parentIs = () => readFileSync(`/proc/${parent.pid}/comm`, 'latin1')
  await expect.poll(parentIs).toBe('cat\n')
  expect(isAlive(pid)).toBe(true)
  const identity = identityOf(pid)
  const go = parent.stdio[3] as NodeJS.WritableStream
  go.write('\n')
  const stat = () => readFileSync(`/proc/${pid}/stat`, 'latin1')
  await expect.poll(stat).toContain(') Z ')
  expect(process.kill(pid, 0)).toBe(true)
  expect([isAlive(pid), lives(identity)]).toEqual([false, false])
})
