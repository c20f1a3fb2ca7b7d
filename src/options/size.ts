import { type Kind, kind } from './kind.ts'

/** Sizes by name, in bytes: the seed's four. */
export const SIZES = { small: 1024, medium: 10_240, large: 102_400, xlarge: 1_048_576 } as const
export type SizeName = keyof typeof SIZES

/** A message's own headers (date, ids, checksum, addresses) need about 450 bytes. */
export const MIN_MESSAGE_BYTES = 512
const MAX_MESSAGE_BYTES = 1024 ** 3

const FACTORS: Readonly<Record<string, number>> = { '': 1, b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 }

export interface SizeLimits {
  readonly minBytes: number
  readonly names: boolean
  readonly example: string
}

/** A number of bytes, also as 10KB or 1.5MB (1 KB = 1,024 bytes), and by name where names are allowed. */
export function sizeInBytes({ minBytes, names, example }: SizeLimits): Kind<number> {
  const words = names ? `${Object.keys(SIZES).join(', ')}, or ` : ''
  const least = minBytes.toLocaleString('en-US')
  const allowed = `${words}${least} ${minBytes === 1 ? 'byte' : 'bytes'} to 1 GB, as 10240, 10KB or 1MB (1 KB = 1024 bytes)`
  return kind(allowed, example, (text) => {
    const bytes = names && isSizeName(text) ? SIZES[text] : bytesOf(text)
    if (bytes === undefined) return { wrong: 'is not a size' }
    if (!Number.isInteger(bytes)) return { wrong: 'is not a whole number of bytes' }
    if (bytes < minBytes) return { wrong: 'is too small' }
    return bytes > MAX_MESSAGE_BYTES ? { wrong: 'is too large' } : { value: bytes }
  })
}

function isSizeName(text: string): text is SizeName {
  return Object.hasOwn(SIZES, text)
}

function bytesOf(text: string): number | undefined {
  const [whole, number, unit = ''] = /^(\d+(?:\.\d+)?)\s*([kmg]?b)?$/i.exec(text) ?? []
  const factor = FACTORS[unit.toLowerCase()]
  return whole === undefined || factor === undefined ? undefined : Number(number) * factor
}
