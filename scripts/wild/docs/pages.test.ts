import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { NextHopRecord } from '../next-hop-record.ts'
import type { ServerRecord, Steps } from '../record.ts'
import { ServerFile } from '../server-file.ts'
import { markdownHtml } from './html.ts'
import { anchorOf, guessesMarkdown, serversMarkdown } from './markdown.ts'
import type { Server } from './servers.ts'
import { times } from './words.ts'

const stamp = { mailstorm: '1.2.3', measured_at: '2026-01-02T03:04:05Z' }
const file = ServerFile.parse({
  ...{ title: 'Odd | one', version: '1.0', from: 'npm: odd', kind: 'library', ports: ['smtp'] },
  ...{ keeps: 'nothing', counted_by: 'none', counted: 'nothing' },
})

function serverWith(steps: Steps, guesses: Server['guesses'] = []): Server {
  const record: ServerRecord = { format: 'mailstorm-server/1', server: 'odd', version: '1.0', steps }
  return { name: 'odd', file, record, guesses }
}

function made(place: string, steps: Steps): string {
  return serversMarkdown(`<!-- made: ${place} -->`, { servers: [serverWith(steps)], relays: [] })
}

const load = {
  ...stamp,
  ...{ rounds: 1, messages: 500, size_bytes: 10_240, recipients: 1, workers: 10, messages_per_session: 50 },
  ...{ pipelining: 'commands', accepted: 490, rejected: 0, deferred: 10, failed: 0, dropped: 0 },
  ...{ not_reached: 0, recipients_refused: 0, seconds: 1, per_second: 490, ours_per_second: 980 },
  ...{ relative: 0.5, service_p50_ms: 1, service_p99_ms: 2 },
  failures: [{ count: 10, outcome: 'deferred', text: '452 <b>slow down</b>' }],
  counted: { messages: 50, acknowledged_messages: 490, recipients: 490, acknowledged_recipients: 490 },
}

test('every figure of docs/servers.md has its place, and every place its figure', () => {
  const prose = readFileSync(join(import.meta.dirname, 'servers.md'), 'utf8')
  const page = serversMarkdown(prose, { servers: [serverWith({ commands: load })], relays: [] })
  expect(page).not.toContain('<!-- made:')
  expect(() => serversMarkdown('<!-- made: up -->', { servers: [], relays: [] })).toThrow(
    'nothing makes <!-- made: up',
  )
})

test('a rate is told over ours, and what was not accepted with what the server said, as text', () => {
  expect(
    made('loads', { commands: load, chunks: { ...stamp, why_none: 'CHUNKING is not offered' } }),
  ).toContain('| [Odd \\| one](#odd--one-10) | 0.50 |  | – |  |  |  |')
  expect(made('refused', { commands: load })).toContain(
    '| commands | 490 of 500: 10 × 452 &lt;b&gt;slow down&lt;/b&gt; |',
  )
})

test.each([
  [0.0042, '0.004'],
  [0.0099, '0.01'],
  [0.123, '0.12'],
  [1.13, '1.13'],
  [12.4, '12'],
])('a ratio of %d reads %s', (ratio, text) => {
  expect(times(ratio)).toBe(text)
})

test('the rounds of a load are told beside their median in the own table of a server', () => {
  const spread = { relative_from: 0.41, relative_to: 0.62 }
  expect(made('servers', { commands: { ...load, rounds: 3, ...spread } })).toContain('| 0.50 (0.41–0.62) |')
})

test('a server that counts something else than it acknowledged shows at a glance', () => {
  expect(made('glance', { commands: load })).toContain('| no: commands |')
  expect(made('counts', { commands: load })).toContain('| commands: 50 messages of 490, 490 recipients |')
})

test('a limit is told with what comes then; at a glance by its code alone', () => {
  const connections = { ...stamp, bound: 200, greeted: 20, next: '421 Too many concurrent SMTP connections' }
  const recipients = { ...stamp, bound: 2_000, accepted: 2_000, next: null }
  expect(made('glance', { connections, recipients })).toContain('| 20, then 421 | 2,000+ |')
  expect(made('limits', { connections })).toContain('| 20, then 421 Too many concurrent SMTP connections |')
})

test('silence that ends elsewhere in another way stands behind', () => {
  const after_ehlo = { seconds: 300.1, how: '421', text: '421 bye' }
  const within_message = { seconds: null, how: 'stays', text: '' }
  const idle = { ...stamp, bound_seconds: 660, after_greeting: after_ehlo, after_ehlo, within_message }
  expect(made('limits', { idle })).toContain('| 300 s, 421; message: \\> 660 s |'.replace('\\>', '&gt;'))
})

test('guesses that were wrong are counted and marked', () => {
  const guesses = [
    { property: 'idle limit', guess: '300 s', truth: '30 s' },
    { property: 'CHUNKING', guess: 'not offered', truth: 'not offered' },
    { property: 'HELP', guess: '214', truth: '' },
  ]
  const page = guessesMarkdown([serverWith({}, guesses)])
  expect(page).toContain('Of 2 guesses about\n1 server 1 were wrong')
  expect(page).toContain('| ✗ | idle limit | 300 s | 30 s |')
  expect(page).toContain('| ✓ | CHUNKING |')
  expect(page).toContain('| ? | HELP |')
})

test('a heading can be linked to as GitHub makes anchors', () => {
  expect(
    anchorOf({ ...serverWith({}), file: { ...file, title: 'Postfix (Debian 13)', version: '3.10.5' } }),
  ).toBe('postfix-debian-13-3105')
})

test('notes of ours become HTML, and nothing else of them does', () => {
  expect(markdownHtml('`a<b` *is* [here](https://example.test/x) <i>').markup).toBe(
    '<code>a&lt;b</code> <em>is</em> <a href="https://example.test/x">here</a> &lt;i&gt;',
  )
})

test('a part of the scenario relay of which something was not accepted says of how much', () => {
  const figures = {
    ...{ accepted: 90, not_accepted: 10, accepted_per_second: 4.5, delivered_per_second: null },
    ...{ end_to_end_p50_ms: null, end_to_end_p99_ms: null, lost: null, doubled: 0, damaged: 0, bounced: 0 },
    deepest_queue: 90,
  }
  const record: NextHopRecord = {
    ...{ format: 'mailstorm-next-hop/1', server: 'odd', version: '1.0', ...stamp },
    parts: [{ part: 'away', next_hop: 'is away', ...figures }],
    together: {
      ...{ ...figures, not_accepted: 0, end_to_end_p50_ms: 1_234, end_to_end_p99_ms: 56_789 },
      ...{ misrouted: 0, drain_seconds: 3 },
    },
  }
  const sources = { servers: [serverWith({})], relays: [], nextHops: [record] }
  const page = serversMarkdown('<!-- made: next-hop -->', sources)
  expect(page).toContain('| away | 90 of 100 | 4.5 |  |  | 90 |  | – | 0 | 0 | 0 |')
  expect(page).toContain('| all | 90 | 4.5 |  | 1.23, 57 | 90 | 3 | – | 0 | 0 | 0 |')
})
