import { styleText } from 'node:util'

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'

/** Colours a text, or leaves it as it is: what keeps the renderers pure. */
export type Paint = (style: Style, text: string) => string

export const plain: Paint = (_style, text) => text

export const coloured: Paint = (style, text) => styleText(style, text, { validateStream: false })

/** How wide a line may be (undefined: as wide as it is), and how colours are put. */
export interface Page {
  readonly paint: Paint
  readonly width: number | undefined
}

export const PIPE: Page = { paint: plain, width: undefined }

interface Stream {
  readonly isTTY?: boolean
  readonly columns?: number
}

/** Of a terminal that does not say how wide it is, as some of CI and of debuggers. */
const USUAL_COLUMNS = 80
/** Narrower than this no table can be read, nor one written: such a terminal wraps the lines itself. */
const LEAST_COLUMNS = 40

/** Colours and a width on a terminal; neither in a pipe, where whoever reads cuts for himself. */
export function pageFor(stream: Stream, env: NodeJS.ProcessEnv): Page {
  const columns = stream.columns || USUAL_COLUMNS
  const width = stream.isTTY === true ? Math.max(LEAST_COLUMNS, columns) : undefined
  return { paint: paintFor(stream, env), width }
}

/** Colours for a terminal alone, and not where NO_COLOR is set to anything (https://no-color.org). */
export function paintFor(stream: Stream, env: NodeJS.ProcessEnv): Paint {
  return stream.isTTY === true && !env.NO_COLOR ? coloured : plain
}
