import type { Socket } from 'node:net'
import type { Step, Steps } from './script.ts'

/** A connection, and what is underneath where that is TLS: only this one can be reset. */
export interface Line {
  readonly socket: Socket
  readonly plain: Socket
}

/** Does one step on a connection; a reply goes out once `released`. False: it was the last step. */
export async function play(
  step: Step,
  { socket, plain }: Line,
  released: () => Promise<void>,
): Promise<boolean> {
  switch (step.do) {
    case 'say':
    case 'raw':
      await released()
      socket.write(step.do === 'say' ? `${step.text}\r\n` : step.octets, 'latin1')
      return true
    case 'drip':
      for (const octet of step.octets) {
        await new Promise((resolve) => socket.write(octet, 'latin1', resolve))
        await new Promise(setImmediate)
      }
      return true
    case 'wait':
      await until(performance.now() + step.ms)
      return true
    case 'deafen':
      socket.pause()
      return true
    case 'close':
      socket.end()
      return false
    case 'reset':
      plain.resetAndDestroy()
      return false
    case 'hang':
      return false
    default:
      return step satisfies never
  }
}

/** The code and text of the first reply, if it is whole: what does not end in CRLF is none (RFC 5321 2.3.8). */
export function firstReply(steps: Steps): string | undefined {
  for (const step of steps) {
    const octets = step.do === 'say' ? `${step.text}\r\n` : 'octets' in step ? step.octets : ''
    const whole = /^\d{3}(?: .*)?\r\n/m.exec(octets)
    if (whole !== null) return whole[0].trimEnd()
  }
  return undefined
}

/** Never earlier: timers of Node can fire up to a millisecond before their time. */
export async function until(atMs: number): Promise<void> {
  for (let leftMs = atMs - performance.now(); leftMs > 0; leftMs = atMs - performance.now()) {
    await new Promise((resolve) => setTimeout(resolve, leftMs))
  }
}
