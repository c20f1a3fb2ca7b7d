import { foreignText } from '../foreign-text.ts'
import { bytesOf, type Content, md5Of } from './content.ts'
import type { ATTACHMENT_FAULTS } from './options.ts'
import type { TenantParts } from './parts.ts'
import { readStoragePath, type StoragePath } from './wire.ts'

/** Of a body; those of a tenant that hangs come late or never. */
export type Blocks = Generator<Buffer> | AsyncGenerator<Buffer>

/** The answer to a request for an attachment. */
export type AttachmentAnswer =
  | { readonly status: 200; readonly sizeBytes: number; readonly md5: string; bytes(): Blocks }
  | { readonly status: 404 | 500; readonly why: string }

/** The bytes of any attachment of this program, made up again from its path. */
export async function answerAttachment(storagePath: string, parts: TenantParts): Promise<AttachmentAnswer> {
  const wanted = readStoragePath(storagePath)
  if (wanted === undefined || (await md5Of(wanted.content)) !== wanted.md5) {
    parts.counters.errors += 1
    return {
      status: 404,
      why: `no attachment has the storage_path ${JSON.stringify(foreignText(storagePath, 200))}`,
    }
  }
  const { content, md5 } = wanted
  const fault = faultOf(parts)
  if (fault === 'status-500') return { status: 500, why: 'a fault on purpose' }
  if (fault === 'drips' || fault === 'silent')
    return { status: 200, sizeBytes: content.sizeBytes, md5, bytes: () => hanging(content, fault, parts) }
  const blocks = () => (fault === undefined ? bytesOf(content) : spoiled(content, fault))
  return { status: 200, sizeBytes: content.sizeBytes, md5, bytes: () => served(wanted, blocks(), parts) }
}

type Fault = (typeof ATTACHMENT_FAULTS)[number]

function faultOf({ config: { attachmentFault: fault }, faults }: TenantParts): Fault | undefined {
  return fault !== undefined && faults.chance(fault.share) ? fault.kind : undefined
}

/** The bytes on their way; what went is written down when it ends, however it ends. */
function* served(wanted: StoragePath, blocks: Iterable<Buffer>, parts: TenantParts): Generator<Buffer> {
  const { config, clock, counters, cacheUsage } = parts
  const startedAtEpochMs = clock.epochMs()
  const { md5, content } = wanted
  const { sizeBytes } = content
  let servedBytes = 0
  try {
    for (const block of blocks) {
      servedBytes += block.length
      yield block
    }
  } finally {
    counters.attachmentBytesServed += servedBytes
    if (servedBytes === sizeBytes) {
      counters.attachmentsServed += 1
      cacheUsage.fetched(md5)
    }
    const { tenantId } = config
    const endedAtEpochMs = clock.epochMs()
    config.observer.onAttachment?.({
      tenantId,
      md5,
      sizeBytes,
      servedBytes,
      startedAtEpochMs,
      endedAtEpochMs,
    })
  }
}

/** With its first byte turned over, or without its last block. */
function* spoiled(content: Content, fault: 'wrong-bytes' | 'cut-short'): Generator<Buffer> {
  const blocks = [...bytesOf(content)]
  if (fault === 'cut-short') return yield* blocks.slice(0, -1)
  const [first = Buffer.alloc(0), ...rest] = blocks
  const changed = Buffer.from(first)
  changed.writeUInt8(255 - changed.readUInt8(0), 0)
  yield changed
  yield* rest
}

const DRIP_EVERY_MS = 200

/** A byte now and then, or none at all, until whoever reads has had enough. */
async function* hanging(
  content: Content,
  fault: 'drips' | 'silent',
  { clock }: TenantParts,
): AsyncGenerator<Buffer> {
  for (const block of bytesOf(content)) {
    for (const byte of block) {
      // Without a byte too: only there the end of the connection is noticed.
      do {
        yield fault === 'drips' ? Buffer.of(byte) : Buffer.alloc(0)
        await clock.wait(DRIP_EVERY_MS)
      } while (fault === 'silent')
    }
  }
}
