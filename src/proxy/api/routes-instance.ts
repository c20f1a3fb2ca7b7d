import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { endBounceTurn } from '../store/bounces.ts'
import { listCommands } from '../store/command-log.ts'
import { changeInstance, type Instance, readInstance } from '../store/instance.ts'
import type { ApiParts } from './access.ts'
import { checked, id, instanceChange } from './bodies.ts'
import { Refusal } from './refusal.ts'

const time = z.coerce.number().min(0).max(253_402_300_799).optional()
const commands = z.object({
  tenant_id: id.optional(),
  since_ts: time,
  until_ts: time,
  endpoint_filter: id.optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
})
/** A whole log, in the order in which it can be done again. */
const MOST_EXPORTED = 100_000

/** The instance as a whole, and what was done to it; for the admin. */
export function instanceRoutes(app: FastifyInstance, { db, access }: ApiParts): void {
  app.get('/instance', async (request) => {
    await access.admin(request)
    return shown(await readInstance(db))
  })

  app.put('/instance', async (request) => {
    await access.admin(request)
    await changeInstance(db, checked(instanceChange, request.body))
    return { ok: true }
  })

  app.post('/instance/reload-bounce', async (request) => {
    await access.admin(request)
    const { bounce_enabled, bounce_imap_host } = await readInstance(db)
    if (bounce_enabled && !bounce_imap_host)
      throw new Refusal(400, 'bounces are asked for, but there is no bounce_imap_host')
    await endBounceTurn(db, true)
    return { ok: true }
  })

  app.get('/command-log', async (request) => {
    await access.admin(request)
    const { tenant_id, since_ts, until_ts, endpoint_filter, limit } = checked(
      commands,
      request.query,
      'query',
    )
    const found = await listCommands(db, {
      ...{ tenantId: tenant_id, sinceTs: since_ts, untilTs: until_ts, endpoint: endpoint_filter, limit },
    })
    const listed = found.map((row) => ({ ...row, id: Number(row.id), payload: JSON.parse(row.payload) }))
    return { ok: true, commands: listed, total: listed.length }
  })

  app.get('/command-log/export', async (request) => {
    await access.admin(request)
    const { tenant_id, since_ts, until_ts } = checked(commands, request.query, 'query')
    const filter = { tenantId: tenant_id, sinceTs: since_ts, untilTs: until_ts, limit: MOST_EXPORTED }
    const found = (await listCommands(db, filter)).filter(({ cut }) => !cut)
    const exported = found.toReversed().map(({ endpoint, tenant_id: tenantId, payload, command_ts }) => {
      return { endpoint, tenant_id: tenantId, payload: JSON.parse(payload), command_ts }
    })
    return { ok: true, commands: exported }
  })
}

/** Without the password. */
function shown({ bounce_imap_password, ...instance }: Instance): object {
  return { id: 1, bounce_enabled: false, ...instance }
}
