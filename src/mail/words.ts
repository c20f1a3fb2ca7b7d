import type { Distribution } from './distribution.ts'

/** `10 KB`, `1 KB to 100 KB`, `lognormal 12 KB, sigma 1.5` or `1 KB (40 %) or 50 MB (60 %)`, as titles and reports have it. */
export function sizesText(sizes: number | Distribution): string {
  return textOf(sizes, sizeText)
}

/** `3`, `1 to 10` or `1 (80 %) or 10 (20 %)`. */
export function countsText(counts: number | Distribution): string {
  return textOf(counts, String)
}

function textOf(values: number | Distribution, one: (value: number) => string): string {
  if (typeof values === 'number') return one(values)
  switch (values.kind) {
    case 'uniform':
      return `${one(values.least)} to ${one(values.most)}`
    case 'lognormal':
      return `lognormal ${one(values.median)}, sigma ${values.sigma}`
    case 'weights': {
      const all = values.weights.reduce((sum, weight) => sum + weight, 0)
      const share = (index: number) => Math.round((1000 * (values.weights[index] as number)) / all) / 10
      return values.values.map((value, index) => `${one(value)} (${share(index)} %)`).join(' or ')
    }
    default:
      return values satisfies never
  }
}

function sizeText(bytes: number): string {
  if (bytes % 1_048_576 === 0) return `${bytes / 1_048_576} MB`
  return bytes % 1_024 === 0 ? `${bytes / 1_024} KB` : `${bytes.toLocaleString('en')} B`
}
