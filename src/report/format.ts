import type { Unit } from '../engine/result.ts'
import type { Change } from '../results/change.ts'

/** Stands for a figure that was not measured; never 0, which is a measurement. */
export const MISSING = '–'

type Figure = number | null | undefined

function present(value: Figure): value is number {
  return value !== null && value !== undefined && Number.isFinite(value)
}

/** With thousands separators and a fixed number of decimals, the same on every machine. */
export function decimal(value: Figure, digits: number): string {
  if (!present(value)) return MISSING
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

/** A number whose kind is not known: whole ones whole, others with three significant digits at least. */
export function figure(value: Figure): string {
  if (!present(value)) return MISSING
  if (Number.isInteger(value)) return decimal(value, 0)
  return Math.abs(value) >= 100 ? decimal(value, 1) : String(Number(value.toPrecision(3)))
}

export function count(value: Figure): string {
  return decimal(value, 0)
}

/** `1 message`, `2 messages`. */
export function counted(value: number, noun: string, plural = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : plural}`
}

export function milliseconds(value: Figure): string {
  return present(value) ? `${decimal(value, 2)} ms` : MISSING
}

/** Three significant digits, for lines where room is short: `0.41 ms`, `4.1 ms`, `1,203 ms`. */
export function shortMilliseconds(value: Figure): string {
  if (!present(value)) return MISSING
  return `${decimal(value, value >= 99.5 ? 0 : value >= 9.95 ? 1 : 2)} ms`
}

export function seconds(value: Figure): string {
  return present(value) ? `${decimal(value, 2)} s` : MISSING
}

/** A span as people say it: `42 s`, `3 min 05 s`, `1 h 02 min`. */
export function span(totalSeconds: Figure): string {
  if (!present(totalSeconds)) return MISSING
  const whole = Math.max(0, Math.round(totalSeconds))
  if (whole < 60) return `${whole} s`
  const pad = (part: number) => String(part).padStart(2, '0')
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`
  const minutes = Math.round(whole / 60)
  return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`
}

export function perSecond(value: Figure): string {
  if (!present(value)) return MISSING
  return `${decimal(value, value >= 1000 ? 0 : value >= 100 ? 1 : 2)}/s`
}

/** A share (0…1) in percent. Neither 100 % nor 0 % is ever the work of rounding. */
export function percent(share: Figure): string {
  if (!present(share)) return MISSING
  const hundredths = Math.round(share * 10_000)
  if (share < 1 && hundredths >= 10_000) return '99.99 %'
  if (share > 0 && hundredths === 0) return '<0.01 %'
  return `${decimal(hundredths / 100, 2)} %`
}

const UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB'] as const

/** Bytes in units of 1024, whole where they are whole: `10 KB`, `48.82 MB`. */
export function size(bytes: Figure): string {
  if (!present(bytes)) return MISSING
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024
    unit++
  }
  return `${decimal(value, Number.isInteger(value) ? 0 : 2)} ${UNITS[unit]}`
}

/** `a, b, c … (7)`: the first few of a list and how many there are. */
export function listed(names: readonly string[], most: number): string {
  if (names.length === 0) return MISSING
  if (names.length <= most) return names.join(', ')
  return `${names.slice(0, most).join(', ')} … (${names.length})`
}

/** `+3.2 %`, `−12.0 %`. */
export function signedPercent(share: number | null): string {
  if (share === null) return MISSING
  const text = `${decimal(Math.abs(share) * 100, 1)} %`
  if (text === '0.0 %') return text
  return `${share < 0 ? '−' : '+'}${text}`
}

/** A figure with the unit that it has. */
export function figureText(value: number | null, unit: Unit): string {
  switch (unit) {
    case 'ms':
      return milliseconds(value)
    case 'share':
      return percent(value)
    case 'count':
      return count(value)
    case 'per_second':
      return perSecond(value)
    case 'seconds':
      return seconds(value)
    case 'bytes':
      return size(value)
    case 'percent':
      return present(value) ? `${decimal(value, 0)} %` : MISSING
    case 'factor':
      return present(value) ? `${decimal(value, 2)} ×` : MISSING
    case 'megabytes':
      return present(value) ? size(value * 1024 ** 2) : MISSING
    case 'ms_per_hour':
      return present(value) ? `${decimal(value, 2)} ms/h` : MISSING
    case 'megabytes_per_hour':
      return present(value) ? `${decimal(value, 2)} MB/h` : MISSING
    case 'number':
      return figure(value)
    default:
      return unit satisfies never
  }
}

/** From here on people read how many times, and not so many thousand percent. */
const TENFOLD = 9

/** The change as a share of what was before: `−25.0 %`, `×1,000`, or that there was nothing to share. */
export function relativeText(change: Change | null): string {
  if (change === null) return MISSING
  const { absolute, relative } = change
  if (relative === null) return absolute === 0 ? '0.0 %' : 'from 0'
  return relative >= TENFOLD ? `×${count(1 + relative)}` : signedPercent(relative)
}

/** The change of a figure, always with its sign. A change of a share is in points of percent. */
export function changeText(change: number, unit: Unit): string {
  if (change === 0) return '0'
  const text = figureText(Math.abs(change), unit)
  return `${change < 0 ? '−' : '+'}${unit === 'share' ? text.replace('%', 'pp') : text}`
}

/** `20260102-030405` → `2026-01-02 03:04:05`. */
export function stampText(stamp: string | null): string {
  return stamp?.replace(/^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)$/, '$1-$2-$3 $4:$5:$6') ?? MISSING
}
