import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadAssets } from '../../../src/report/html/page.ts'
import { readNextHopRecords } from '../next-hop-record.ts'
import { readRelayRecords } from '../relay-record.ts'
import { serversHtml } from './html.ts'
import { guessesMarkdown, type Sources, serversMarkdown } from './markdown.ts'
import { readServers } from './servers.ts'

/** What is made of docs/servers/*.json and test/wild/*: path in the repository and text of each page. */
export async function serversPages(): Promise<[path: string, text: string][]> {
  const sources: Sources = {
    servers: readServers(),
    relays: readRelayRecords(),
    nextHops: readNextHopRecords(),
  }
  const prose = await readFile(join(import.meta.dirname, 'servers.md'), 'utf8')
  return [
    ['docs/servers.md', serversMarkdown(prose, sources)],
    ['docs/servers.html', serversHtml(sources, await loadAssets())],
    ['docs/servers/guesses.md', guessesMarkdown(sources.servers)],
  ]
}
