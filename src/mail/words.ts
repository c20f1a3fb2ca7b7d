import type { Distribution } from './distribution.ts'

/** `10 KB`, `1 KB to 100 KB`, `12 KB lognormal, sigma 1.5` or `1 KB to 50 MB, weighted`: as titles and reports have it. */
export function sizesText(sizes: number | Distribution): string {
  if (typeof sizes === 'number') return sizeText(sizes)
  switch (sizes.kind) {
    case 'uniform':
      return `${sizeText(sizes.least)} to ${sizeText(sizes.most)}`
    case 'lognormal':
      return `lognormal ${sizeText(sizes.median)} ±${sizes.sigma}`
    case 'weights':
      return sizes.values.map((bytes, index) => `${sizeText(bytes)}:${sizes.weights[index]}`).join(' ')
    default:
      return sizes satisfies never
  }
}

function sizeText(bytes: number): string {
  if (bytes % 1_048_576 === 0) return `${bytes / 1_048_576} MB`
  return bytes % 1_024 === 0 ? `${bytes / 1_024} KB` : `${bytes.toLocaleString('en')} B`
}

/** `3`, `1 to 10` or `1:80 10:15 100:5`. */
export function countsText(counts: number | Distribution): string {
  if (typeof counts === 'number') return String(counts)
  switch (counts.kind) {
    case 'uniform':
      return `${counts.least} to ${counts.most}`
    case 'lognormal':
      return `lognormal ${counts.median} ±${counts.sigma}`
    case 'weights':
      return counts.values.map((count, index) => `${count}:${counts.weights[index]}`).join(' ')
    default:
      return counts satisfies never
  }
}
