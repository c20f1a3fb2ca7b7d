import { cpus, release, type } from 'node:os'
import type { Spread } from './measurement.ts'
import type { Row } from './rounds.ts'
import type { Ratio } from './targets.ts'

/** A Markdown table; the first column is text, the rest figures. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const line = (cells: readonly string[]) =>
    `| ${widths.map((width, i) => pad(cells[i] ?? '', width, i)).join(' | ')} |`
  const rule = `|${widths.map((width, i) => (i === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`
  return [line(head), rule, ...rows.map(line)].join('\n')
}

function pad(text: string, width: number, column: number): string {
  return column === 0 ? text.padEnd(width) : text.padStart(width)
}

export function ratioTable(ratios: readonly Ratio[]): string {
  return table(
    ['ratio', 'median', 'min–max', 'target', ''],
    ratios.map(({ name, ratio, target, verdict }) => [
      name,
      ratio.median.toFixed(2),
      range(ratio, twoDigits),
      target ?? '–',
      verdict,
    ]),
  )
}

export function clientTable(rows: readonly Row[]): string {
  return table(
    ['client', 'messages/s', 'min–max', 'CPU s per 1,000', 'min–max'],
    rows.map(({ client, rate, cpu }) => [
      client,
      whole(rate.median),
      range(rate, whole),
      fine(cpu.median),
      range(cpu, fine),
    ]),
  )
}

const whole = (value: number) => Math.round(value).toLocaleString('en')
const twoDigits = (value: number) => value.toFixed(2)
const fine = (value: number) => value.toFixed(4)
const range = ({ min, max }: Spread, format: (value: number) => string) => `${format(min)}–${format(max)}`

export function machineLine(): string {
  const cores = cpus()
  return `${cores.length} cores (${cores[0]?.model.trim() ?? 'unknown'}), ${type()} ${release()}, Node ${process.version}`
}

export function sizeName(sizeBytes: number): string {
  return sizeBytes % 1024 === 0 ? `${sizeBytes / 1024} KB` : `${sizeBytes} bytes`
}
