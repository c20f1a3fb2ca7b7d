import { readFileSync } from 'node:fs'
import { type Route, send } from './exchange.ts'

/** A small page that lists the messages. `apiBase` is where it finds the API: a URL or a path. */
export function webPage(apiBase: string): Route[] {
  const html = readFileSync(new URL('page.html', import.meta.url), 'utf8').replace(
    '{{api}}',
    apiBase.replace(/["&<>]/g, ''),
  )
  return [
    {
      method: 'GET',
      path: '/',
      api: 'own',
      handler: ({ response }) => send(response, 200, 'text/html; charset=utf-8', html),
    },
  ]
}
