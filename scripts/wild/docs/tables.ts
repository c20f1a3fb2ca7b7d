import type { Column } from '../../../src/report/block.ts'
import { left, right } from '../../../src/report/block.ts'
import { count } from '../../../src/report/format.ts'
import type { NextHopRecord } from '../next-hop-record.ts'
import { figuresOf, LOAD_STEPS, type LoadStep } from '../record.ts'
import type { RelayRecord } from '../relay-record.ts'
import { extensionOf, extensionsOf, judgedOf, QUESTIONS, type Server } from './servers.ts'
import {
  connectionsText,
  countedText,
  idleText,
  limitInShort,
  ratioOf,
  recipientsText,
  shortfallText,
  spreadText,
  storeText,
} from './words.ts'

/** A table with a row to each server; where `of` is absent, a row to something else. */
export interface ServersTable {
  readonly caption: string
  readonly columns: readonly Column[]
  readonly rows: readonly TableRow[]
}

export interface TableRow {
  /** The server, whose title is the first cell. */
  readonly of?: Server
  readonly cells: readonly Cell[]
}

/** Text as it came, Markdown of ours, or a rate over ours. */
export type Cell =
  | string
  | { readonly markdown: string }
  | { readonly ratio: number; readonly spread?: string }

const SHAPE_TITLES: Readonly<Record<LoadStep, string>> = {
  commands: '`commands`',
  transactions: '`transactions`',
  chunks: '`chunks`',
  sessions: 'a session each',
  recipients_100: '100 recipients',
  megabyte: '1 MB',
}
const plain = (text: string) => text.replaceAll('`', '')

export function shapeTitle(step: LoadStep): string {
  return plain(SHAPE_TITLES[step])
}

/** What a maintainer looks at first. */
export function glanceTable(servers: readonly Server[]): ServersTable {
  return {
    caption: 'At a glance',
    columns: [
      left('Server'),
      left('Version'),
      left('Kind'),
      right('Conforms'),
      right('Deviates'),
      right('Rate over ours'),
      right('A session each'),
      left('Counts all?'),
      left('Idle limit'),
      left('Sessions'),
      left('Recipients'),
    ],
    rows: servers.map((server) => {
      const { record, file } = server
      const counts = figuresOf(record, 'probe')?.counts
      return {
        of: server,
        cells: [
          // Without a distribution's own revision.
          file.version.split(/[-+]/)[0] ?? '',
          file.kind,
          counts === undefined ? '' : count(counts.conforms ?? 0),
          counts === undefined ? '' : count(counts.deviates ?? 0),
          ratioOf(record, 'commands'),
          ratioOf(record, 'sessions'),
          countsInShort(server),
          idleText(record).split(';')[0] ?? '',
          limitInShort(connectionsText(record)),
          limitInShort(recipientsText(record)),
        ],
      }
    }),
  }
}

/** Whether it counts what it acknowledged in each shape; else in which it does not. */
function countsInShort(server: Server): string {
  const all = countsOf(server)
  if (all.length === 0) return '–'
  const others = all.filter(({ isSame }) => !isSame).map(({ step }) => shapeTitle(step))
  return others.length === 0 ? 'yes' : `no: ${others.join(', ')}`
}

function countsOf({ record }: Server) {
  return LOAD_STEPS.flatMap((step) => {
    const counted = countedText(record, step)
    return counted === undefined ? [] : [{ step, ...counted }]
  })
}

/** Over all shapes. */
function countsText(server: Server): string {
  const all = countsOf(server)
  if (all.length === 0) return '–'
  const others = all.filter(({ isSame }) => !isSame)
  return others.length === 0
    ? 'yes'
    : others.map(({ step, text }) => `${shapeTitle(step)}: ${text}`).join('; ')
}

export function runTable(servers: readonly Server[]): ServersTable {
  return {
    caption: 'How they run',
    columns: [left('Server'), left('Version'), left('From'), left('Start'), left('What it takes goes to')],
    rows: servers.map((server) => {
      const { name, file } = server
      return {
        of: server,
        cells: [
          file.version,
          file.from,
          { markdown: `\`test/wild/${name}/start\`` },
          { markdown: file.keeps },
        ],
      }
    }),
  }
}

const NAMED = ['PIPELINING', 'CHUNKING', 'SIZE', '8BITMIME', 'SMTPUTF8', 'STARTTLS'] as const

export function offersTable(servers: readonly Server[]): ServersTable {
  return {
    caption: 'What they offer after EHLO',
    columns: [left('Server'), ...NAMED.map((name) => left(name)), left('Others')],
    rows: servers.map((server) => {
      const offered = extensionsOf(server)
      if (offered === undefined) return { of: server, cells: [...NAMED.map(() => ''), ''] }
      const others = offered
        .map((line) => line.trim())
        .filter((line) => !(NAMED as readonly string[]).includes(line.split(' ')[0]?.toUpperCase() ?? ''))
      return { of: server, cells: [...NAMED.map((name) => offerText(server, name)), others.join(', ')] }
    }),
  }
}

function offerText(server: Server, name: (typeof NAMED)[number]): string {
  const offered = extensionOf(server, name)
  if (offered === undefined) return '–'
  if (name !== 'SIZE') return 'yes'
  // 0 as well names none (RFC 1870 4).
  return /^[1-9]\d*$/.test(offered) ? count(Number(offered)) : 'no limit named'
}

/** A row to each question, and who deviates. */
export function checksTable(servers: readonly Server[]): ServersTable {
  const judged = servers.map((server) => ({
    server,
    rows: new Map(judgedOf(server).map((row) => [row.id, row])),
  }))
  return {
    caption: 'What they really do',
    columns: [left('Check'), left('RFC'), right('Conform'), left('Deviate'), left('Unknown')],
    rows: QUESTIONS.map(({ id, title, rfc }) => {
      const of = (verdict: string) =>
        judged.filter(({ rows }) => rows.get(id)?.verdict === verdict).map(({ server }) => server.file.title)
      const unknown = of('unknown')
      const isMost = unknown.length > servers.length / 2
      return {
        cells: [
          title,
          rfc.replace(/^RFC /, ''),
          count(of('conforms').length),
          of('deviates').join(', '),
          isMost ? `${count(unknown.length)} servers` : unknown.join(', '),
        ],
      }
    }),
  }
}

/** Rates over ours in the six shapes. */
export function loadsTable(servers: readonly Server[]): ServersTable {
  return {
    caption: 'Six loads',
    columns: [left('Server'), ...LOAD_STEPS.map((step) => right(plain(SHAPE_TITLES[step])))],
    rows: servers.map((server) => ({
      of: server,
      cells: LOAD_STEPS.map((step) => ratioOf(server.record, step)),
    })),
  }
}

/** Only where something was not accepted. */
export function refusedTable(servers: readonly Server[]): ServersTable {
  return {
    caption: 'What was not accepted',
    columns: [left('Server'), left('Load'), left('Accepted, and what it said')],
    rows: servers.flatMap((server) =>
      LOAD_STEPS.flatMap((step) => {
        const text = shortfallText(server.record, step)
        return text === '' ? [] : [{ of: server, cells: [shapeTitle(step), text] }]
      }),
    ),
  }
}

/** The count of each server beside ours, in all loads together. */
export function countsTable(servers: readonly Server[]): ServersTable {
  return {
    caption: 'Their own count',
    columns: [left('Server'), left('What is counted'), left('All that was acknowledged?')],
    rows: servers.map((server) => ({
      of: server,
      cells: [{ markdown: server.file.counted }, countsText(server)],
    })),
  }
}

export function limitsTable(servers: readonly Server[]): ServersTable {
  return {
    caption: 'Limits',
    columns: [
      left('Server'),
      left('Silent after EHLO'),
      left('Sessions at a time'),
      left('Recipients of a message'),
      left('Keeps of 1,200'),
    ],
    rows: servers.map((server) => {
      const { record } = server
      return {
        of: server,
        cells: [idleText(record), connectionsText(record), recipientsText(record), storeText(record) || '–'],
      }
    }),
  }
}

export function storesTable(servers: readonly Server[]): ServersTable {
  return {
    caption: 'Stores that STRESS_VERIFY reads',
    columns: [left('Store'), left('Version'), left('From'), left('STRESS_VERIFY')],
    rows: servers.flatMap((server) => {
      const { verify, version, from } = server.file
      return verify === undefined
        ? []
        : [{ of: server, cells: [version, from, { markdown: `\`${verify}\`` }] }]
    }),
  }
}

/** The six loads of one server. */
export function ownLoadsTable({ record }: Server): ServersTable {
  return {
    caption: 'Loads',
    columns: [
      left('Load'),
      right('Accepted'),
      right('Over ours'),
      right('Messages/s'),
      right('Service time p50, p99'),
      left('It counts'),
      left('Remarks'),
    ],
    rows: LOAD_STEPS.flatMap((step) => {
      const found = record.steps[step]
      if (found === undefined) return []
      const title = shapeTitle(step)
      if ('why_none' in found) return [{ cells: [title, '', '', '', '', '', found.why_none] }]
      const { counted } = found
      const own = 'why_none' in counted ? '–' : (countedText(record, step)?.text ?? '')
      return [
        {
          cells: [
            title,
            `${count(found.accepted)} of ${count(found.messages)}`,
            found.relative === undefined ? '–' : { ratio: found.relative, spread: spreadText(found) },
            String(found.per_second),
            `${found.service_p50_ms ?? '–'}, ${found.service_p99_ms ?? '–'} ms`,
            own,
            [found.pipelining_why, shortfallText(record, step)].filter(Boolean).join('; '),
          ],
        },
      ]
    }),
  }
}

/** Servers that send on what they take. */
export function relaysTable(servers: readonly Server[], records: readonly RelayRecord[]): ServersTable {
  return {
    caption: 'Relays',
    columns: [
      left('Server'),
      left('Messages'),
      right('Accepted/s'),
      right('Delivered/s'),
      left('End to end p50, p99 (s)'),
      right('Deepest queue'),
      right('Drain (s)'),
      ...['Lost', 'Doubled', 'Damaged', 'Bounced'].map((title) => right(title)),
    ],
    rows: records.flatMap(({ server: name, runs }) => {
      const of = servers.find((server) => server.name === name)
      if (of === undefined) return []
      return runs.map((run) => ({
        of,
        cells: [
          `${count(run.accepted)}${run.killed ? ', killed' : ''}`,
          figureText(run.accepted_per_second),
          figureText(run.delivered_per_second),
          run.end_to_end_p50_seconds === null
            ? ''
            : `${run.end_to_end_p50_seconds}, ${figureText(run.end_to_end_p99_seconds)}`,
          run.deepest_queue === null ? '' : count(run.deepest_queue),
          figureText(run.drain_seconds),
          ...[run.lost, run.doubled, run.damaged, run.bounced].map((number) => count(number)),
        ],
      }))
    }),
  }
}

/** The same servers while their next hop is slow, refuses, is away and comes back. */
export function nextHopTable(servers: readonly Server[], records: readonly NextHopRecord[]): ServersTable {
  const seconds = (ms: number | null) => (ms === null ? '' : (ms / 1000).toFixed(ms < 10_000 ? 2 : 0))
  return {
    caption: 'While the next hop fails',
    columns: [
      left('Server'),
      left('Part'),
      right('Accepted'),
      right('Accepted/s'),
      right('Delivered/s'),
      left('End to end p50, p99 (s)'),
      right('Deepest queue'),
      right('Drain (s)'),
      ...['Lost', 'Doubled', 'Damaged', 'Bounced'].map((title) => right(title)),
    ],
    rows: records.flatMap(({ server: name, parts, together }) => {
      const of = servers.find((server) => server.name === name)
      if (of === undefined) return []
      const all = [...parts.map((one) => ({ ...one, drain_seconds: null })), { ...together, part: 'all' }]
      return all.map((one) => ({
        of,
        cells: [
          one.part,
          one.not_accepted === 0
            ? count(one.accepted)
            : `${count(one.accepted)} of ${count(one.accepted + one.not_accepted)}`,
          figureText(one.accepted_per_second),
          figureText(one.delivered_per_second),
          one.end_to_end_p50_ms === null
            ? ''
            : `${seconds(one.end_to_end_p50_ms)}, ${seconds(one.end_to_end_p99_ms)}`,
          count(one.deepest_queue),
          figureText(one.drain_seconds),
          ...[one.lost, one.doubled, one.damaged, one.bounced].map((number) => count(number)),
        ],
      }))
    }),
  }
}

function figureText(value: number | null): string {
  return value === null ? '' : String(value)
}
