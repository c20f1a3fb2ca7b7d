import type { Result } from '../../engine/result.ts'
import { type Block, facts, factsFrom } from '../block.ts'
import { oneLine } from '../escape.ts'
import { count, counted, percent, seconds, shortMilliseconds } from '../format.ts'
import { failuresTable } from './failures.ts'

/** What the clients of a load did beyond sending each message once. */
export function clientBlocks(result: Result): Block[] {
  return [...retriesBlock(result), ...brokenOffBlock(result), ...idleBlock(result)]
}

function idleBlock({ idle_sessions: idle, metrics }: Result): Block[] {
  if (idle === undefined) return []
  const { asked, opened, ended, renewed = 0, limits = [], ended_after_ms: after } = idle
  const when =
    ended === 0
      ? 'none'
      : `${count(ended)}, open for ${shortMilliseconds(after.min)} to ${shortMilliseconds(after.max)}`
  return [
    {
      title: 'Idle sessions',
      folded: true,
      note: 'Opened beside the load and left alone until its end; in no other figure. One that the server ended shows its idle limit, no failure of the load.',
      noteIn: ['html'],
      parts: [
        facts(
          factsFrom([
            ['Opened', `${count(opened)} of ${count(asked)}`],
            ['Server ended', when],
            ...(renewed === 0 ? [] : [['Renewed', `${count(renewed)}, once the limit was known`] as const]),
            ...limits.map(
              ({ target, after_seconds: limit, text }) =>
                ['Idle limit', `${seconds(limit)} at ${oneLine(target)} (${oneLine(text)})`] as const,
            ),
          ]),
        ),
        ...failuresTable(idle.failures, metrics.duration_seconds),
      ],
    },
  ]
}

function brokenOffBlock({ broken_off: phases, metrics, ledger }: Result): Block[] {
  const total = metrics.broken_off ?? 0
  if (phases === undefined || total === 0) return []
  const inDoubt =
    phases.accept === undefined ? [] : [['In doubt', inDoubtText(phases.accept, ledger)] as const]
  return [
    {
      title: 'Clients that broke off',
      folded: true,
      note: 'They were told to. These messages are in no outcome and in no rate of success.',
      noteIn: ['html'],
      parts: [
        facts(
          factsFrom([
            ['Messages', count(total)],
            [
              'In phase',
              Object.entries(phases)
                .map(([phase, messages]) => `${phase} ${count(messages)}`)
                .join(', '),
            ],
            ...inDoubt,
          ]),
        ),
      ],
    },
  ]
}

/** After the final dot a server may have taken the message, and has told nobody. */
function inDoubtText(atDot: number, { verified, unacknowledged }: Result['ledger']): string {
  const sent = `${counted(atDot, 'message')} whose client broke off after the final dot`
  return verified
    ? `${sent}; the servers have ${count(unacknowledged)} messages without an acknowledgement`
    : sent
}

function retriesBlock({ retries, metrics }: Pick<Result, 'retries' | 'metrics'>): Block[] {
  if (retries === undefined) return []
  const { first_attempt: first, accepted_by: acceptedBy, delays_seconds: delays } = retries
  const outcomes = (['accepted', 'deferred', 'rejected', 'failed'] as const)
    .filter((outcome) => outcome === 'accepted' || first[outcome] > 0)
    .map((outcome) => `${count(first[outcome])} ${outcome}`)
  const later = acceptedBy.map((messages, index) => `${count(messages)} by attempt ${index + 2}`)
  return [
    {
      title: 'Further attempts',
      folded: true,
      note: 'Messages that were deferred or found no server, attempted again as a mail queue does. All other figures have each message once, by its final outcome.',
      noteIn: ['html'],
      parts: [
        facts(
          factsFrom([
            ['First attempts', `${outcomes.join(', ')} (${percent(first.success_rate)} accepted)`],
            ['Further attempts', `${count(retries.attempts)}, ${delaysText(delays)}`],
            ['Accepted later', later.join(', ')],
            ...(retries.cut_off === 0
              ? []
              : [
                  [
                    'Cut off',
                    `${counted(retries.cut_off, 'message')} with attempts left when the drain was over`,
                  ] as const,
                ]),
          ]),
        ),
        ...failuresTable(retries.failures, metrics.duration_seconds),
      ],
    },
  ]
}

/** Between attempts: `each after 5 s`, or `after 5, 60, 300 s`. */
function delaysText(delays: readonly number[]): string {
  const each = delays.map((delay) => delay.toLocaleString('en'))
  return new Set(each).size === 1 ? `each after ${each[0]} s` : `after ${each.join(', ')} s`
}
