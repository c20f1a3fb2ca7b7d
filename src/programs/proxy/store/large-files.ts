import type { Session } from './database.ts'

export interface StoredFile {
  readonly contentType: string | null
}

/** The file id of an attachment: a new one, or that of an earlier attempt. */
export async function fileIdOf(
  session: Session,
  file: {
    readonly tenantId: string
    readonly messagePk: string
    readonly position: number
    readonly contentType: string | undefined
    readonly expiresAt: Date
  },
): Promise<string> {
  const [row] = await session.rows<{ id: string }>({
    text: `INSERT INTO large_files (tenant_id, message_pk, position, content_type, expires_at)
      VALUES ($1, $2, $3, $4, $5)
      ON CONFLICT (message_pk, position) DO UPDATE SET expires_at = excluded.expires_at,
        content_type = excluded.content_type RETURNING id`,
    values: [file.tenantId, file.messagePk, file.position, file.contentType ?? null, file.expiresAt],
  })
  return (row as { id: string }).id
}

/** Undefined for anything that is not an id, or has expired. */
export async function storedFile(session: Session, id: string): Promise<StoredFile | undefined> {
  const [row] = await session.rows<StoredFile & { [column: string]: unknown }>({
    text: `SELECT content_type AS "contentType" FROM large_files WHERE id = $1 AND expires_at > now()`,
    values: [id],
  })
  return row
}

/** Which of these files have no link left, because their tenant was deleted. */
export async function unlinked(session: Session, ids: readonly string[]): Promise<string[]> {
  const text =
    'SELECT g.id::text FROM unnest($1::uuid[]) AS g(id) WHERE NOT EXISTS (SELECT 1 FROM large_files f WHERE f.id = g.id)'
  return (await session.rows<{ id: string }>({ text, values: [ids] })).map(({ id }) => id)
}

/** Removes expired entries; returns their ids. */
export async function expiredFiles(session: Session): Promise<string[]> {
  const text = 'DELETE FROM large_files WHERE expires_at <= now() RETURNING id'
  return (await session.rows<{ id: string }>({ text })).map(({ id }) => id)
}
