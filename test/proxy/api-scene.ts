import { afterAll, beforeAll } from 'vitest'
import type { Answer, ApiClient } from './api-client.ts'
import { freshDatabases } from './databases.ts'
import { Rig, setUp } from './rig.ts'

export interface ApiScene {
  /** The admin's. */
  readonly api: ApiClient
  /** With the keys of the tenants a and b. */
  readonly a: ApiClient
  readonly b: ApiClient
}

/** Nothing is sent: what the tests look at stays as they queued it. */
const ASLEEP = { sendLoopIntervalMs: 3_600_000, maxBodyBytes: 1024 ** 2, maxBatch: 100 }

/** A proxy for the tests of one file, with two tenants that are suspended. */
export function apiScene(): ApiScene {
  const freshDatabase = freshDatabases()
  let rig: Rig | undefined
  let scene: ApiScene | undefined
  beforeAll(async () => {
    rig = new Rig(await freshDatabase())
    const { api } = await rig.proxy(ASLEEP)
    const a = api.as(await setUp(api, { tenantId: 'a', smtpPort: 1 }))
    const b = api.as(await setUp(api, { tenantId: 'b', smtpPort: 1 }))
    for (const tenantId of ['a', 'b']) await api.post('/commands/suspend', { tenant_id: tenantId })
    scene = { api, a, b }
  })
  afterAll(() => rig?.[Symbol.asyncDispose]())
  const started = () => {
    if (scene === undefined) throw new Error('the proxy is not started')
    return scene
  }
  return {
    get api() {
      return started().api
    },
    get a() {
      return started().a
    },
    get b() {
      return started().b
    },
  }
}

export function add(client: ApiClient, all: readonly unknown[], more: object = {}): Promise<Answer> {
  return client.post('/commands/add-messages', { messages: all, ...more })
}
