import { describe, expect, it } from 'vitest'
import { messageId } from '../mail/id.ts'
import { BagDigest, type LedgerEntry } from './ledger.ts'
import { Receipts } from './receipts.ts'
import { type LedgerSource, verify } from './verify.ts'

const RUN = 'run-7'
const PLANNED = 100
const idOf = (message: number) => messageId(RUN, message)

/** A server that received these: numbers are messages of the run, strings arbitrary ids. */
class FakeServer implements LedgerSource {
  readonly name = 'fake'
  listsAsked = 0
  readonly #entries: readonly LedgerEntry[]

  constructor(received: readonly (number | string)[], corrupted: readonly number[] = []) {
    this.#entries = received.map((one) => ({
      id: typeof one === 'number' ? idOf(one) : one,
      bytes: 100,
      intact: typeof one === 'string' || !corrupted.includes(one),
    }))
  }

  async ledger() {
    const digest = new BagDigest()
    for (const { id } of this.#entries) digest.add(id)
    const corrupted = this.#entries.filter(({ intact }) => !intact).length
    const connections = { current: 0, peak: 1 }
    return { accepted: this.#entries.length, bytes: 0, corrupted, digest: digest.toString(), connections }
  }

  async *entries() {
    this.listsAsked++
    yield* this.#entries
  }
}

/** `acknowledged`: by target, in the order of the servers. */
function compare(acknowledged: readonly (readonly number[])[], sources: readonly FakeServer[]) {
  const receipts = new Receipts({ planned: PLANNED, targetCount: sources.length })
  acknowledged.forEach((messages, target) => {
    for (const message of messages) receipts.add(target, message, idOf(message), 100)
  })
  return verify({ runId: RUN, receipts: receipts.toData(), sources, planned: PLANNED, idOf })
}

const nothingWrong = { lost: 0, duplicated: 0, corrupted: 0, unacknowledged: 0 }

describe('verify', () => {
  it('finds nothing wrong where all agrees, without asking for the lists of ids', async () => {
    const servers = [new FakeServer([3, 1]), new FakeServer([2])]
    expect(await compare([[1, 3], [2]], servers)).toMatchObject({
      acknowledged: 3,
      received: 3,
      ...nothingWrong,
    })
    expect(servers.map(({ listsAsked }) => listsAsked)).toEqual([0, 0])
  })

  it.each([
    ['lost', [1, 2, 3], [1, 3], [], { received: 2, lost: 1, lostIds: [idOf(2)] }],
    [
      'lost, one for one that was never acknowledged',
      [1, 2],
      [1, 3],
      [],
      { lost: 1, unacknowledged: 1, received: 2 },
    ],
    ['duplicated', [1, 2], [1, 2, 2, 2], [], { received: 4, duplicated: 2, duplicatedIds: [idOf(2)] }],
    [
      'duplicated while another is lost: the count agrees',
      [1, 2],
      [1, 1],
      [],
      { lost: 1, duplicated: 1, received: 2 },
    ],
    ['corrupted', [1, 2], [1, 2], [2], { received: 2, corrupted: 1, corruptedIds: [idOf(2)] }],
    ['unacknowledged', [1], [1, 5], [], { received: 2, unacknowledged: 1 }],
    ['never planned', [1], [1, PLANNED], [], { received: 2, unacknowledged: 1 }],
    ['never planned, twice', [1], [1, PLANNED, PLANNED], [], { received: 3, unacknowledged: 2 }],
    [
      'of a number as no client writes it',
      [10],
      [`${RUN}-1e1`],
      [],
      { lost: 1, unacknowledged: 1, received: 1 },
    ],
    ['of a number with a sign', [5], [`${RUN}-+5`], [], { lost: 1, unacknowledged: 1, received: 1 }],
    ['of no number', [1], [1, `${RUN}-x`], [], { received: 2, unacknowledged: 1 }],
    ['of an empty number', [0], [0, `${RUN}-`], [], { received: 2, unacknowledged: 1 }],
  ])('finds what is %s', async (_, acknowledged, received, corrupted, expected) => {
    const verification = await compare([acknowledged], [new FakeServer(received, corrupted)])
    expect(verification).toMatchObject({ ...nothingWrong, acknowledged: acknowledged.length, ...expected })
  })

  it('takes a message that came to another server than the one that acknowledged it for received', async () => {
    const verification = await compare([[1], []], [new FakeServer([]), new FakeServer([1])])
    expect(verification).toMatchObject({ received: 1, ...nothingWrong })
  })

  it('finds a message that came to two servers', async () => {
    const verification = await compare([[1], []], [new FakeServer([1]), new FakeServer([1])])
    expect(verification).toMatchObject({ received: 2, ...nothingWrong, duplicated: 1 })
  })

  it('looks into a server of which the receipts know nothing', async () => {
    const receipts = new Receipts({ planned: PLANNED, targetCount: 1 })
    receipts.add(0, 1, idOf(1), 100)
    const sources = [new FakeServer([1]), new FakeServer([2])]
    const verification = await verify({
      runId: RUN,
      receipts: receipts.toData(),
      sources,
      planned: PLANNED,
      idOf,
    })
    expect(verification).toMatchObject({ received: 2, ...nothingWrong, unacknowledged: 1 })
  })

  it('looks into a count that differs, be the digests the same', async () => {
    const server = new FakeServer([1])
    const { accepted, ...rest } = await server.ledger()
    server.ledger = async () => ({ ...rest, accepted: accepted + 1 })
    expect(await compare([[1]], [server])).toMatchObject({ received: 1, ...nothingWrong })
    expect(server.listsAsked).toBe(1)
  })

  it('names nothing where all agrees', async () => {
    const { lostIds, duplicatedIds, corruptedIds } = await compare([[1]], [new FakeServer([1])])
    expect([lostIds, duplicatedIds, corruptedIds]).toEqual([[], [], []])
  })

  it('names at most twenty ids of a kind and counts all', async () => {
    const all = Array.from({ length: PLANNED }, (_, message) => message)
    const { lost, lostIds } = await compare([all], [new FakeServer([])])
    expect([lost, lostIds.length, lostIds[19]]).toEqual([PLANNED, 20, idOf(19)])
    const twice = await compare([all], [new FakeServer([...all, ...all])])
    expect([twice.duplicated, twice.duplicatedIds.length]).toEqual([PLANNED, 20])
    const changed = await compare([all], [new FakeServer(all, all)])
    expect([changed.corrupted, changed.corruptedIds.length]).toEqual([PLANNED, 20])
  })
})
