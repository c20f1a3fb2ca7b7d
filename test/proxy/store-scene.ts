import { randomUUID } from 'node:crypto'
import { afterEach } from 'vitest'
import { Accounts } from '../../src/programs/proxy/store/accounts.ts'
import { type Claimed, type ClaimOptions, claimMessages } from '../../src/programs/proxy/store/claim.ts'
import { Database } from '../../src/programs/proxy/store/database.ts'
import type { Outcome } from '../../src/programs/proxy/store/outcomes.ts'
import { Tenants } from '../../src/programs/proxy/store/tenants.ts'
import { freshDatabases } from './databases.ts'

export const freshDatabase = freshDatabases()
export const open: Database[] = []

afterEach(async () => {
  await Promise.all(open.splice(0).map((db) => db.close()))
})

export function connect(url: string): Database {
  const onIdleError = (error: Error) => {
    throw error
  }
  const db = new Database({ url, connections: 4, onIdleError })
  open.push(db)
  return db
}

export const unlimited = { rateLimits: { perHour: null, perDay: null }, largeFiles: null }
export const client = {
  baseUrl: 'http://t.test',
  syncPath: '/sync',
  attachmentPath: null,
  auth: null,
  fenced: false,
}
export const limits = { perMinute: null, perHour: null, perDay: null }

export async function account(
  db: Database,
  tenantId: string,
  id: string,
  change: object = {},
): Promise<void> {
  const server = {
    host: '127.0.0.1',
    port: 25,
    user: null,
    password: null,
    tls: 'none' as const,
    fenced: false,
  }
  await new Accounts(db).save({
    tenantId,
    id,
    server,
    batchSize: null,
    limits,
    limitBehavior: 'defer',
    ...change,
  })
}

/** A database with tenant t and its account a. */
export async function prepared(): Promise<{ db: Database; url: string }> {
  const url = await freshDatabase()
  const db = connect(url)
  await db.migrate()
  await new Tenants(db).save('t', { name: 'T', active: true, client, ...unlimited })
  await account(db, 't', 'a')
  return { db, url }
}

export const message = (id: string, change: object = {}) => {
  return {
    id,
    tenant_id: 't',
    account_id: 'a',
    from: 'a@x.test',
    to: 'b@y.test',
    subject: 's',
    body: 'b',
    ...change,
  }
}
export const many = (count: number, change: object = {}) =>
  Array.from({ length: count }, (_, n) => message(`m${String(n).padStart(4, '0')}`, change))

export function claim(db: Database, change: Partial<ClaimOptions> = {}): Promise<Claimed[]> {
  const options = { leaseMs: 60_000, batchSize: 50, maxMessages: 10_000, maxBytes: 1e9, loads: [] }
  const fair = { rooms: [], otherRoom: { messages: 10_000, bytes: 1e9 } }
  return claimMessages(db, { claim: randomUUID(), ...options, ...fair, ...change })
}

export const ids = (claimed: readonly Claimed[]) => claimed.map(({ id }) => id)
export const outcome = ({ pk, claim: by, limited }: Claimed, change: Partial<Outcome> = {}): Outcome => {
  return { pk, claim: by, limited, kind: 'sent', attempted: true, ...change }
}
