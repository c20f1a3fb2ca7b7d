import { oneLine } from '../escape.ts'

/** HTML that is safe to stand in a page. Only `html` and `trusted` make it. */
export interface Html {
  readonly markup: string
}

type Part = Html | string | number | undefined | false | readonly Part[]

/**
 * A template whose values are escaped: reply texts and names come from machines that are not ours.
 * `undefined` and `false` leave nothing, lists are joined.
 */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  const markup = texts.reduce((all, text, index) => all + render(parts[index - 1]) + text)
  return { markup }
}

/** Text of our own files, such as style sheets and scripts. */
export function trusted(markup: string): Html {
  return { markup }
}

function render(part: Part): string {
  if (part === undefined || part === false) return ''
  if (typeof part === 'string') return escapeHtml(part)
  if (typeof part === 'number') return String(part)
  if ('markup' in part) return part.markup
  return part.map(render).join('')
}

/** For text and for attributes in double quotes. Control and direction characters become spaces. */
export function escapeHtml(text: string): string {
  return oneLine(text, 2000)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}

/**
 * Data for a script, inside the page. `<` is the one character that can end a script element or open a
 * comment in it (HTML Standard, 4.12.1.3); JSON may write it as an escape anywhere.
 */
export function dataScript(id: string, data: unknown): Html {
  const json = JSON.stringify(data).replaceAll('<', '\\u003c')
  return { markup: `<script type="application/json" id="${escapeHtml(id)}">${json}</script>` }
}
