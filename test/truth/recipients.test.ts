import { describe, expect, it } from 'vitest'
import { renderMarkdown } from '../../src/report/kinds.ts'
import { runLoad } from '../../src/run/load.ts'
import { DEFAULT_STEPS, hang, type Script, say, wait } from '../servers/script.ts'
import { ScriptedServer } from '../servers/scripted-server.ts'

/** Longer than what is called slow; the limit of each reply below is longer still. */
const SLOW = wait(2_600)

async function load(script: Script, options: { recipients: number; messages?: number; timeout?: number }) {
  await using server = await ScriptedServer.start(script)
  const { recipients, messages = 1, timeout = 5 } = options
  const target = `127.0.0.1:${server.port}`
  const result = await runLoad({
    executor: 'shared-iterations',
    messages,
    workers: 1,
    threads: 1,
    size: 'small',
    recipients,
    replyTimeoutSeconds: timeout,
    targets: [target],
  })
  return { result, target, said: result.observations.join('\n') }
}

// As courier 1.0.16 answers an unknown recipient: after 7 s, one after another.
describe.concurrent('a server that lets each recipient wait', () => {
  it('is called slow at RCPT, and the time limit is that of each reply, however many recipients there are', async () => {
    const refuses: Script = { rcpt: [SLOW, say('550 5.1.1 User unknown')] }
    const { result, target, said } = await load(refuses, { recipients: 3 })
    // All together took longer than the limit: refused, and no time-out.
    expect(result.metrics.error_breakdown).toEqual({ reply_550: 1 })
    expect(result.slow_recipients).toEqual([
      { target, answered: 3, refused: 3, unanswered: 0, longest_ms: expect.any(Number) },
    ])
    expect(said).toMatch(
      /is slow at RCPT: 3 recipients were answered after 2 s or later, \d\.\d s at most, and refused then: servers let/,
    )
  })

  it('is called so where the limit ends the wait, too', async () => {
    const { result, said } = await load({ rcpt: [hang] }, { recipients: 1, timeout: 1 })
    expect(result.metrics.error_breakdown).toEqual({ timeout_envelope: 1 })
    expect(result.slow_recipients).toMatchObject([{ answered: 0, unanswered: 1 }])
    expect(said).toMatch(/is slow at RCPT: 1 message ended at the time limit while a recipient waited/)
  })

  it('is called so where it takes them in the end, unless that was one in hundreds', async () => {
    const once: Script = { rcpt: { first: [[SLOW, say('250 2.1.5 ok')]] } }
    const [one, many] = await Promise.all([
      load(once, { recipients: 1 }),
      load(once, { recipients: 1, messages: 200 }),
    ])
    expect(one.said).toMatch(
      /is slow at RCPT: 1 recipient was answered after 2 s or later, \d\.\d s at most$/m,
    )
    expect(many.result.slow_recipients).toMatchObject([{ answered: 1, refused: 0 }])
    expect(many.said).not.toContain('slow at RCPT')
  })
})

// As salmon-mail 3.3.0.
it('a server that takes one recipient, and answers 451 from the second on, is shown as such, message by message', async () => {
  const second = Array(9).fill([say('451 4.5.3 one at a time')])
  const first = Array.from({ length: 3 }, () => [DEFAULT_STEPS.rcpt, ...second]).flat()
  const { result, said } = await load({ rcpt: { first } }, { recipients: 10, messages: 3 })
  expect(result.metrics).toMatchObject({ successful_messages: 3, recipients_refused: 27 })
  expect(result.refused_recipients).toMatchObject([
    { outcome: 'deferred', code: 451, count: 27, text: '451 4.5.3 one at a time' },
  ])
  expect(said).toContain('27 recipients were refused while their messages were accepted for others')
  expect(renderMarkdown(result)).toMatch(/Refused recipients[\s\S]*27 .*deferred.*451 4\.5\.3 one at a time/)
})
