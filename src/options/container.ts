import { type Kind, kind } from './kind.ts'

/** As the engines have it: `[registry/]name[:tag][@digest]`. */
const IMAGE = /^[a-z\d][\w.:/@-]{0,254}$/i

export const imageName: Kind<string> = kind('the name of a container image', 'node:24-alpine', (text) =>
  IMAGE.test(text) ? { value: text } : { wrong: 'is not the name of an image' },
)

const VARIABLE = /^([A-Za-z_]\w*)=(.*)$/s

/** `KEY=VALUE,KEY=VALUE`; a comma that no `KEY=` follows belongs to the value. */
export const variableList: Kind<Readonly<Record<string, string>>> = kind(
  'KEY=VALUE, separated by commas',
  'ALLOWED_SENDER_DOMAINS=test.local,LOG_LEVEL=warn',
  (text) => {
    const variables: Record<string, string> = {}
    for (const part of text.split(/,(?=\s*[A-Za-z_]\w*=)/)) {
      const [, name, value] = VARIABLE.exec(part.trim()) ?? []
      if (name === undefined || value === undefined) return { wrong: 'has a part that is not KEY=VALUE' }
      variables[name] = value
    }
    return { value: Object.freeze(variables) }
  },
)

const UNITS: Readonly<Record<string, number>> = { k: 1024, m: 1024 ** 2, g: 1024 ** 3 }
/** Engines refuse less. */
const MIN_BYTES = 6 * 1024 ** 2

/** Memory as the engines write it: 512m, 2g. */
export const memorySize: Kind<number> = kind('at least 6m, as 512m, 2g or 1.5g', '512m', (text) => {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)([kmg])(?:i?b)?$/i.exec(text) ?? []
  const factor = UNITS[unit.toLowerCase()]
  if (number === undefined || factor === undefined) return { wrong: 'is not a size with its unit' }
  const bytes = Math.round(Number(number) * factor)
  return bytes < MIN_BYTES ? { wrong: 'is too small' } : { value: bytes }
})
