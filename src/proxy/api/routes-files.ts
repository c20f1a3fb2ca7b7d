import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { ApiParts } from './access.ts'
import { checked } from './bodies.ts'
import { Refusal } from './refusal.ts'

const file = z.object({ id: z.string().max(64), filename: z.string().max(1_024) })

/** Attachments that became links: for everybody who has the link, which nobody can guess. */
export function fileRoutes(app: FastifyInstance, { largeFiles }: ApiParts): void {
  app.get('/files/:id/:filename', async (request, reply) => {
    const { id, filename } = checked(file, request.params, 'path')
    const found = await largeFiles?.find(id)
    if (found === undefined) throw new Refusal(404, 'there is no such file, or not any more')
    return reply
      .type(found.contentType ?? 'application/octet-stream')
      .header('content-length', found.bytes)
      .header('content-disposition', `attachment; filename*=UTF-8''${encodeURIComponent(filename)}`)
      .header('x-content-type-options', 'nosniff')
      .header('content-security-policy', "default-src 'none'; sandbox")
      .header('cache-control', 'private')
      .send(found.content)
  })
}
