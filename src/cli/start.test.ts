import { expect, onTestFinished, test, vi } from 'vitest'
import { ServiceKeeper } from '../../containers/keeper/service-keeper.ts'
import { readOptions } from '../options/options.ts'
import { bootExtras } from './start.ts'

const backend = 'embedded'
const portFor = () => 0
const newKeeper = () => new ServiceKeeper({ restarts: false, say: console.error })

test('boots a proxy with what it needs, and four tenants that it knows and calls', async () => {
  // The proxy takes the user's settings: calls, and so reports, come at once.
  vi.stubEnv('GMP_SYNC_INTERVAL', '0.5')
  onTestFinished(() => void vi.unstubAllEnvs())
  await using stack = new AsyncDisposableStack()
  const options = readOptions({
    ATTACHMENT_CACHE_HIT_RATE: '1',
    LARGE_ATTACHMENT_RATE: '0',
    MSG_RATE_PER_SYNC: '3',
    DND_PROBABILITY: '0',
  })
  const keeper = newKeeper()
  const rig = { backend, options, keeper, stack, portFor } as const
  const { notes } = await bootExtras({ proxy: true, tenants: true }, rig)
  expect(keeper.services.map(({ name }) => name)).toEqual([
    'mailhog',
    'postgres',
    'proxy',
    'tenant-high-volume',
    'tenant-standard',
    'tenant-newsletter',
    'tenant-documents',
  ])
  expect(notes.join('\n')).toContain('pressure-test-token')
  const tenants = keeper.services.slice(3).map(({ address }) => address)
  const reportsReceived = async () => {
    const stats = tenants.map(
      async (url) => (await fetch(`${url}/stats`)).json() as Promise<{ reports_received: number }>,
    )
    return (await Promise.all(stats)).map(({ reports_received }) => reports_received > 0)
  }
  await expect.poll(reportsReceived, { timeout: 30_000 }).toEqual([true, true, true, true])
}, 60_000)

test('boots tenants alone, for a proxy of somebody else', async () => {
  await using stack = new AsyncDisposableStack()
  const keeper = newKeeper()
  await bootExtras({ tenants: true }, { backend, options: readOptions({}), keeper, stack, portFor })
  const kept = keeper.services
  expect(kept).toHaveLength(4)
  expect((await fetch(`${kept[0]?.address}/health`)).status).toBe(200)
})
