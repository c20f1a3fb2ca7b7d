import { afterEach, describe, expect, test } from 'vitest'
import { heldBytes } from '../held-memory.fixture.ts'
import { TEST_BODY, testBounce, testId, testMail } from './message.fixture.ts'
import type { Arrival, Store } from './store.ts'

/** One message on its way into a mailbox. */
export interface Delivery {
  readonly recipient: string
  /** With CRLF, not dot-stuffed. */
  readonly octets: Buffer
}

/** A store, and the way in that servers take. */
export interface StoreUnderTest extends AsyncDisposable {
  readonly store: Store
  /** Resolves when all are in the store. */
  deliver(mails: readonly Delivery[]): Promise<void>
}

export interface StoreContract {
  readonly implementation: string
  /** A store of its own for each test, not checked yet. */
  start(): Promise<StoreUnderTest>
  /** Why none of it can run here. */
  readonly skipAll?: string | undefined
  /** Titles of tests that this store cannot pass, and why. */
  readonly skip?: readonly { readonly reason: string; readonly tests: readonly string[] }[]
  /** How long a look at so many messages may take. Default: 60 s, as issue and README say. */
  readonly mostSeconds?: number
  /** How long a test may take where the server takes mail slowly. Default: 30 s. */
  readonly timeoutMs?: number
  /** Whether it knows whose each copy is. Default: true. */
  readonly knowsRecipients?: boolean
  /** Whether it has the bodies. Default: true. */
  readonly knowsBodies?: boolean
  /** Whether it shows when a message came. Default: true. */
  readonly knowsTimes?: boolean
}

const RUN = 'r5tore1'
const OTHER_RUN = 'r5tore2'
const ALICE = 'alice@example.test'
const BOB = 'bob@other.test'
/** Of a look at 20,000 messages. */
const MOST_SECONDS = 60
/** What a look at 20,000 messages may keep at most beyond what there was: they are 40 MB together. */
const MOST_KEPT_BYTES = 10 * 1024 ** 2

/** What every store must do; call it from that implementation's own test. */
export function testStore(contract: StoreContract): void {
  const { implementation, skip = [], skipAll, mostSeconds = MOST_SECONDS } = contract
  const { knowsRecipients = true, knowsTimes = true, knowsBodies = true } = contract
  const running: StoreUnderTest[] = []
  const start = async () => {
    const started = await contract.start()
    running.push(started)
    await started.store.check()
    return started
  }
  const contractTest = (
    title: string,
    body: () => Promise<void>,
    timeoutMs = contract.timeoutMs ?? 30_000,
  ) => {
    const reason = skipAll ?? skip.find(({ tests }) => tests.includes(title))?.reason
    if (reason === undefined) test(title, { timeout: timeoutMs }, body)
    else test(title, (context) => context.skip(reason))
  }
  const mailOf = (number: number, recipient = ALICE) => ({
    recipient,
    octets: testMail({ runId: RUN, number, recipient }),
  })
  const intact = knowsBodies ? 'intact' : 'unknown'
  const owner = (recipient: string) => (knowsRecipients ? recipient : undefined)

  describe(`the store ${implementation}`, () => {
    afterEach(async () => {
      for (const { store, ...rest } of running.splice(0)) {
        await store[Symbol.asyncDispose]()
        await rest[Symbol.asyncDispose]()
      }
    })

    contractTest('finds one message: whose it is, whole, and when it came', async () => {
      const { store, deliver } = await start()
      const beforeMs = Date.now()
      await deliver([mailOf(7)])
      const found = await allOf(store)
      expect(found).toMatchObject([{ id: testId(RUN, 7), body: intact }])
      expect(found[0]?.bounce).toBeUndefined()
      expect(found[0]?.recipient?.toLowerCase()).toBe(owner(ALICE))
      expect(store.limits()).toBeUndefined()
      if (!knowsTimes) return
      const resolutionMs = store.timeResolutionMs ?? Number.NaN
      expect(found[0]?.arrivedAtMs).toBeGreaterThanOrEqual(beforeMs - resolutionMs)
      expect(found[0]?.arrivedAtMs).toBeLessThanOrEqual(Date.now() + resolutionMs)
    })

    contractTest('tells each message once, over several looks', async () => {
      const { store, deliver } = await start()
      expect(await allOf(store)).toEqual([])
      await deliver([mailOf(1), mailOf(2, BOB)])
      expect(numbersOf(await allOf(store))).toEqual([1, 2])
      expect(await allOf(store)).toEqual([])
      await deliver([mailOf(3)])
      expect(numbersOf(await allOf(store))).toEqual([3])
    })

    contractTest('finds 1,000 messages in two mailboxes, and not the one that was lost', async () => {
      const { store, deliver } = await start()
      const sent = numbers(1_000).filter((number) => number !== 500)
      await deliver(sent.map((number) => mailOf(number, number % 2 === 0 ? ALICE : BOB)))
      const found = await allOf(store)
      expect(numbersOf(found)).toEqual(sent)
      const toAlice = found.filter(({ recipient }) => recipient?.toLowerCase() === ALICE)
      expect(toAlice).toHaveLength(knowsRecipients ? 499 : 0)
    })

    contractTest(
      `finds 20,000 messages within ${mostSeconds} s, and keeps little of them in memory`,
      async () => {
        const { store, deliver } = await start()
        for (let from = 0; from < 20_000; from += 1_000)
          await deliver(numbers(1_000).map((number) => mailOf(from + number)))
        const seen = new Uint8Array(20_000)
        const beforeBytes = heldBytes()
        const beginMs = performance.now()
        for await (const { id, body } of store.arrivals(RUN, new AbortController().signal)) {
          if (body === intact) seen[numberOf(id)] = (seen[numberOf(id)] ?? 0) + 1
        }
        expect((performance.now() - beginMs) / 1000).toBeLessThan(mostSeconds)
        const keptBytes = heldBytes() - beforeBytes
        expect(keptBytes).toBeLessThan(MOST_KEPT_BYTES)
        expect(seen.every((times) => times === 1)).toBe(true)
      },
      360_000,
    )

    contractTest('tells a message that came twice into one mailbox twice', async () => {
      const { store, deliver } = await start()
      await deliver([mailOf(1), mailOf(2), mailOf(1)])
      expect(numbersOf(await allOf(store))).toEqual([1, 1, 2])
    })

    contractTest('tells a copy that comes in a later look', async () => {
      const { store, deliver } = await start()
      await deliver([mailOf(1)])
      expect(numbersOf(await allOf(store))).toEqual([1])
      await deliver([mailOf(1)])
      expect(numbersOf(await allOf(store))).toEqual([1])
    })

    contractTest('sees a changed octet, and has the message to look at', async () => {
      const { store, deliver } = await start()
      const changed = TEST_BODY.replace('third', 'thirt')
      await deliver([
        mailOf(1),
        { recipient: ALICE, octets: testMail({ runId: RUN, number: 2, body: changed, crcOf: TEST_BODY }) },
      ])
      const bodies = new Map((await allOf(store)).map(({ id, body }) => [numberOf(id), body]))
      expect(bodies).toEqual(
        new Map([
          [1, 'intact'],
          [2, 'damaged'],
        ]),
      )
      if (store.raw === undefined) return
      expect((await store.raw(testId(RUN, 2)))?.toString()).toContain('From the thirt on')
    })

    contractTest('takes another transfer encoding of the same octets for no damage', async () => {
      const { store, deliver } = await start()
      const body = TEST_BODY.replace('\u00fc', '=C3=BC')
      await deliver([
        {
          recipient: ALICE,
          octets: testMail({ runId: RUN, number: 1, body, crcOf: TEST_BODY, encoding: 'quoted-printable' }),
        },
      ])
      expect((await allOf(store)).map(({ body }) => body)).toEqual(['reencoded'])
    })

    contractTest('says whose mailbox a message is in, whoever it was for', async () => {
      const { store, deliver } = await start()
      await deliver([{ recipient: BOB, octets: testMail({ runId: RUN, number: 1, recipient: ALICE }) }])
      expect((await allOf(store)).map(({ recipient }) => recipient?.toLowerCase())).toEqual([owner(BOB)])
    })

    contractTest('reads a report of a failed delivery: which message, to whom, and why', async () => {
      const { store, deliver } = await start()
      const octets = testBounce({ runId: RUN, number: 4, recipient: BOB })
      await deliver([{ recipient: 'sender@example.test', octets }])
      expect(await allOf(store)).toMatchObject([
        {
          id: testId(RUN, 4),
          bounce: { status: '5.1.1', recipient: BOB, text: expect.stringContaining('no such user') },
        },
      ])
    })

    contractTest('does not tell of mail of others, before the run or during it', async () => {
      const started = await contract.start()
      running.push(started)
      const { store, deliver } = started
      const others = [
        { recipient: ALICE, octets: testMail({ runId: OTHER_RUN, number: 1, recipient: ALICE }) },
        { recipient: ALICE, octets: testBounce({ runId: OTHER_RUN, number: 1, recipient: ALICE }) },
        { recipient: BOB, octets: Buffer.from(`Subject: about ${RUN}-0000000001\r\n\r\nhello\r\n`) },
        { recipient: BOB, octets: Buffer.from('Subject: nothing\r\n\r\n\r\n') },
      ]
      await deliver(others)
      await store.check()
      await deliver([...others, mailOf(1)])
      expect(numbersOf(await allOf(store))).toEqual([1])
    })

    contractTest('stops looking when it is told to', async () => {
      const { store, deliver } = await start()
      await deliver(numbers(200).map((number) => mailOf(number)))
      const controller = new AbortController()
      const looking = async () => {
        for await (const _ of store.arrivals(RUN, controller.signal)) controller.abort()
      }
      await Promise.race([looking().catch(() => undefined), expired(10_000)])
    })
  })
}

async function allOf(store: Store): Promise<Arrival[]> {
  return Array.fromAsync(store.arrivals(RUN, new AbortController().signal))
}

function numberOf(id: string): number {
  return Number(id.slice(RUN.length + 1))
}

function numbersOf(found: readonly Arrival[]): number[] {
  return found.map(({ id }) => numberOf(id)).toSorted((a, b) => a - b)
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, number) => number)
}

function expired(ms: number): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`it still looks after ${ms} ms`)), ms).unref()
  })
}
