import { type MessageView, pathOf } from '../mail/message-view.ts'
import { textOf } from '../mail/text.ts'

export const SEARCH_KINDS = ['from', 'to', 'containing'] as const
export type SearchKind = (typeof SEARCH_KINDS)[number]

/**
 * MailHog's search: part of a string, whatever its case, nothing decoded. `from` and `to` look into the
 * envelope and the header of exactly that name; `containing` into the body and all header values.
 */
export function searchFor(kind: SearchKind, query: string): (view: MessageView) => boolean {
  const wanted = query.toLowerCase()
  const has = (bytes: string) => textOf(bytes).toLowerCase().includes(wanted)
  const headerHas = (view: MessageView, name: string) => view.content.headers.get(name)?.some(has) ?? false
  switch (kind) {
    case 'from':
      return (view) => has(addressOf(view.message.from)) || headerHas(view, 'From')
    case 'to':
      return (view) => view.message.to.some((to) => has(addressOf(to))) || headerHas(view, 'To')
    case 'containing':
      return (view) => has(view.content.body) || [...view.content.headers.values()].flat().some(has)
    default:
      return kind satisfies never
  }
}

function addressOf(path: string): string {
  const { mailbox, domain } = pathOf(path)
  return `${mailbox}@${domain}`
}
