import { markdownText } from '../../../src/report/escape.ts'
import { count, counted } from '../../../src/report/format.ts'
import { markdownTable } from '../../../src/report/table.ts'
import { wasRight } from '../guesses.ts'
import type { NextHopRecord } from '../next-hop-record.ts'
import type { RelayRecord } from '../relay-record.ts'
import { daysOf, judgedOf, measuredWith, QUESTIONS, type Server } from './servers.ts'
import {
  type Cell,
  checksTable,
  countsTable,
  glanceTable,
  limitsTable,
  loadsTable,
  nextHopTable,
  offersTable,
  ownLoadsTable,
  refusedTable,
  relaysTable,
  runTable,
  type ServersTable,
  storesTable,
} from './tables.ts'
import { times } from './words.ts'

export interface Sources {
  readonly servers: readonly Server[]
  readonly relays: readonly RelayRecord[]
  readonly nextHops?: readonly NextHopRecord[]
}

/** What of docs/servers.md is made of the records, by its place in the prose: `<!-- made: NAME -->`. */
const MADE: Readonly<Record<string, (sources: Sources) => string>> = {
  count: ({ servers }) => count(servers.length),
  questions: () => count(QUESTIONS.length),
  days: ({ servers }) => daysOf(servers),
  mailstorm: ({ servers }) => measuredWith(servers),
  glance: ({ servers }) => tableOf(glanceTable(servers)),
  run: ({ servers }) => tableOf(runTable(servers)),
  offers: ({ servers }) => tableOf(offersTable(servers)),
  checks: ({ servers }) => tableOf(checksTable(servers)),
  loads: ({ servers }) => tableOf(loadsTable(servers)),
  refused: ({ servers }) => tableOf(refusedTable(servers)),
  counts: ({ servers }) => tableOf(countsTable(servers)),
  limits: ({ servers }) => tableOf(limitsTable(servers)),
  stores: ({ servers }) => tableOf(storesTable(servers)),
  relays: ({ servers, relays }) => tableOf(relaysTable(servers, relays)),
  'next-hop': ({ servers, nextHops = [] }) => tableOf(nextHopTable(servers, nextHops)),
  servers: ({ servers }) => servers.map(serverSection).join('\n\n'),
}

/** docs/servers.md: prose of ours with what was measured in its places. Throws for a place that is not known. */
export function serversMarkdown(prose: string, sources: Sources): string {
  return prose.replaceAll(/<!-- made: (\S+) -->/g, (place, name: string) => {
    const make = MADE[name]
    if (make === undefined) throw new Error(`Failed to write docs/servers.md: nothing makes ${place}.`)
    return make(sources)
  })
}

function tableOf({ columns, rows }: ServersTable): string {
  return markdownTable(
    columns,
    rows.map(({ of, cells }) => [
      ...(of === undefined ? [] : [`[${markdownText(of.file.title)}](#${anchorOf(of)})`]),
      ...cells.map(cellText),
    ]),
  )
}

const MOST_CHARS = 400

function cellText(cell: Cell): string {
  if (typeof cell === 'string') return markdownText(cell, MOST_CHARS)
  if ('ratio' in cell) return `${times(cell.ratio)}${cell.spread ?? ''}`
  return cell.markdown.replaceAll('|', '\\|')
}

/** As GitHub makes them of headings. */
export function anchorOf({ file }: Server): string {
  return headingOf(file)
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')
}

function headingOf({ title, version }: Server['file']): string {
  return `${title} ${version}`
}

/** Everything of one server that its maintainer, or its user, would look for. */
function serverSection(server: Server): string {
  const { name, file } = server
  const judged = judgedOf(server)
  const of = (wanted: string) => judged.filter(({ verdict }) => verdict === wanted)
  const deviations = of('deviates').map(
    ({ title, rfc, note, came }) =>
      `- ✗ **${markdownText(title)}** (RFC ${markdownText(rfc)}): ${markdownText(note === '' ? came : note, 300)}`,
  )
  const about = [
    `${file.homepage === undefined ? markdownText(file.from) : `${markdownText(file.from)} ([home](${file.homepage}))`};`,
    `what it takes goes to ${file.keeps}.`,
    `[Its figures](servers/${name}.json).`,
  ].join(' ')
  const probed =
    judged.length === 0
      ? ''
      : `${of('conforms').length} of ${judged.length} questions of the probe conform, ${of('deviates').length} deviate, ` +
        `${of('not offered').length} ask for what is not offered, ${of('unknown').length} stay unknown.`
  return [
    `### ${headingOf(file)}`,
    about,
    [probed, ...deviations].filter((line) => line !== '').join('\n'),
    tableOf(ownLoadsTable(server)),
    file.load_note ?? '',
    file.notes.map(({ title, text }) => `**${title}.** ${text}`).join('\n\n'),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

/** docs/servers/guesses.md: what was guessed of each server before a look, and what is true. */
export function guessesMarkdown(servers: readonly Server[]): string {
  const guessed = servers.filter(({ guesses }) => guesses.length > 0)
  const all = guessed.flatMap(({ guesses }) => guesses).filter(({ truth }) => truth !== '')
  const wrong = all.filter((guess) => !wasRight(guess))
  return `# Guesses and misses

Before a server was looked at, somebody who knows mail servers wrote down how it would behave. Of ${count(all.length)} guesses about
${counted(guessed.length, 'server')} ${count(wrong.length)} were wrong; these are marked ✗, and a user meets them in [servers.md](../servers.md). Made of
test/wild/NAME/guesses.csv by \`npm run docs\`.

${guessed.map(guessesSection).join('\n\n')}
`
}

function guessesSection(server: Server): string {
  const { file, guesses } = server
  const sign = (guess: (typeof guesses)[number]) => (guess.truth === '' ? '?' : wasRight(guess) ? '✓' : '✗')
  const columns = ['', 'Property', 'Guess', 'Truth'].map((title) => ({ title, align: 'left' as const }))
  const rows = guesses.map((guess) => [
    sign(guess),
    markdownText(guess.property, MOST_CHARS),
    markdownText(guess.guess, MOST_CHARS),
    markdownText(guess.truth, MOST_CHARS),
  ])
  return `## ${headingOf(file)}\n\n${markdownTable(columns, rows)}`
}
