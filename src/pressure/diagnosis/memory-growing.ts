import { type Patient, type Rule, shownMegabytes, thirdsOf, windowOf } from './rule.ts'

const MEGABYTE = 1024 ** 2
/** Of the seed's containers for the proxy. */
const LIMIT_BYTES = 512 * MEGABYTE
const LEAST_GROWTH_BYTES = 64 * MEGABYTE
/** The test process grows while its code is compiled, and holds the books of all tenants. */
const LEAST_TEST_GROWTH_BYTES = 256 * MEGABYTE
const LEAST_MEMORY_FACTOR = 1.3

const PROXIES = 'the proxies'

/** The memory of a proxy of its own; of the test process when the proxies run in it. */
function memoryOf(run: Patient): { readonly whose: string; readonly bytes: (number | null)[] } {
  const ofProxies = windowOf(run).map((row) => row.proxy_memory_bytes)
  if (ofProxies.some((bytes) => bytes !== null)) return { whose: PROXIES, bytes: ofProxies }
  return {
    whose: 'the test process, proxy and tenants included',
    bytes: windowOf(run).map((row) => row.test_process_memory_bytes),
  }
}

/** Memory that grows from third to third, or stands above what the seed gives a proxy. */
export const memoryGrowing: Rule = (run) => {
  const { whose, bytes } = memoryOf(run)
  const thirds = thirdsOf(bytes)
  if (thirds === undefined) return undefined
  const { first, middle, last } = thirds
  const peak = bytes.reduce<number>((most, value) => Math.max(most, value ?? 0), 0)
  const grows = last > middle && middle > first
  const least = whose === PROXIES ? LEAST_GROWTH_BYTES : LEAST_TEST_GROWTH_BYTES
  const isGrowing = grows && last - first >= least && last >= first * LEAST_MEMORY_FACTOR
  // The test process holds Vitest and every tenant's books too: only growth says something of it.
  const isHigh = whose === PROXIES && peak > LIMIT_BYTES * run.proxy.instances
  if (!isGrowing && !isHigh) return undefined
  const course = `on average ${shownMegabytes(first)} in the first third of the window, ${shownMegabytes(last)} in the last`
  return {
    rule: 'memory-growing',
    severity: isHigh ? 'critical' : 'warning',
    symptom: isGrowing ? 'Memory growing' : 'High memory usage',
    evidence: `of ${whose}: ${course}, ${shownMegabytes(peak)} at the most${isHigh ? `, above ${shownMegabytes(LIMIT_BYTES)} for each of ${run.proxy.instances}` : ''}`,
    cause: 'Accumulation of large attachments or of queued payloads',
    action:
      'Enable the disk cache (GMP_CACHE_DISK_DIR), lower GMP_CACHE_MEMORY_MAX_MB and GMP_MAX_IN_FLIGHT, or reduce attachment sizes',
  }
}
