/**
 * The ledger as servers keep it and the run reads it: which messages of which run were received.
 * Shared words of both sides; neither side's SMTP code is in here.
 */

/** Header that carries a message's id, `<run id>-<number>`. */
export const ID_HEADER = 'X-Mailstorm-Id'
/** Header that carries the CRC-32 of the body (all after the empty line, before dot-stuffing), 8 hex digits. */
export const BODY_CRC_HEADER = 'X-Mailstorm-Body-Crc'

/** What one server received of one run. Answer of `GET /ledger?run=<run id>`. */
export interface ServerLedger {
  readonly accepted: number
  /** Sum of the sizes of the accepted messages (RFC 1870 sense). */
  readonly bytes: number
  /** Messages whose body did not match its CRC header. */
  readonly corrupted: number
  /** Order-free digest of the accepted ids, see digest.ts. */
  readonly digest: string
  readonly connections: { readonly current: number; readonly peak: number }
}

/** One line of `GET /ledger/entries?run=<run id>` (NDJSON), one per accepted message. */
export interface LedgerEntry {
  readonly id: string
  readonly bytes: number
  readonly intact: boolean
}
