import { systemClock } from '../../src/engine/clock.ts'
import type { Feed } from '../../src/engine/dispatch.ts'
import type { ScriptedServer } from '../servers/scripted-server.ts'

/** A lane that asks for its next message is idle: its server ends the session first, whatever time that takes. */
export function feedOfIdleEnds(server: ScriptedServer, messages: number): Feed {
  let message = 0
  return {
    take: () => undefined,
    next(give) {
      if (message === messages) give(undefined)
      else void server.endIdle().then(() => give({ message: message++, dueMs: systemClock.nowMs() }))
    },
  }
}
