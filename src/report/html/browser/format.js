/** @import { ChartUnit } from '../charts/chart.ts' */

const MISSING = '–'

/**
 * Three significant digits or all whole ones, with thousands separators, the same on every machine.
 * @param {number} value
 */
function number(value) {
  const size = Math.abs(value)
  const digits = size >= 100 || size === 0 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3
  return value.toLocaleString('en-US', { maximumFractionDigits: digits })
}

/** @param {number} bytes */
function bytes(bytes) {
  const units = ['B', 'KB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (Math.abs(value) >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${number(value)} ${units[unit]}`
}

/** Milliseconds up to a second, then seconds. @param {number} ms */
function duration(ms) {
  return Math.abs(ms) < 1000 ? `${number(ms)} ms` : `${number(ms / 1000)} s`
}

/** @type {Record<ChartUnit, (value: number) => string>} */
const WRITERS = {
  count: number,
  number,
  per_second: (value) => `${number(value)}/s`,
  per_minute: (value) => `${number(value)}/min`,
  ms: duration,
  seconds: (value) => `${number(value)} s`,
  percent: (value) => `${number(value)} %`,
  share: (value) => `${number(value * 100)} %`,
  factor: (value) => `${number(value)} ×`,
  bytes,
  megabytes: (value) => bytes(value * 1024 ** 2),
  ms_per_hour: (value) => `${number(value)} ms/h`,
  megabytes_per_hour: (value) => `${number(value)} MB/h`,
}

/**
 * @param {ChartUnit} unit
 * @param {number | null | undefined} value
 */
export function formatValue(unit, value) {
  return value === null || value === undefined || !Number.isFinite(value) ? MISSING : WRITERS[unit](value)
}

/** `42 s`, `3:05`, `1:02:05`: seconds since the start. @param {number} seconds */
export function formatTime(seconds) {
  if (seconds < 60) return `${number(seconds)} s`
  const pad = (/** @type {number} */ part) => String(Math.floor(part)).padStart(2, '0')
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes}:${pad(seconds % 60)}`
  return `${Math.floor(minutes / 60)}:${pad(minutes % 60)}:${pad(seconds % 60)}`
}

/** 1 / (1 − q) as a percentile: 1 → `min`, 10 → `90 %`, 1000 → `99.9 %`. @param {number} x */
export function formatNines(x) {
  if (x <= 1) return 'min'
  const nines = Math.ceil(Math.log10(x) - 1e-9)
  return `${Number((100 * (1 - 1 / x)).toFixed(Math.max(0, nines - 1)))} %`
}
