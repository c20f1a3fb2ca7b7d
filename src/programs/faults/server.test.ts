import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { FakeClock } from '../../engine/clock.fixture.ts'
import { Ledger, readLedgerEntries } from '../smtp-server/ledger.ts'
import { RawClient } from '../smtp-server/raw-client.fixture.ts'
import type { FaultServerPlan } from './plans.ts'
import { FaultServer, TokenBucket } from './server.ts'

/** A server on a stopped clock. */
async function meet(plan: FaultServerPlan) {
  const clock = new FakeClock()
  const server = await FaultServer.start(plan, clock)
  return { clock, server, open: () => RawClient.ready(server.port, server.host) }
}

/** Reply codes to commands sent one after another. */
async function codes(client: RawClient, ...commands: string[]): Promise<string[]> {
  const replies: string[] = []
  for (const command of commands) replies.push((await client.say(command)).slice(0, 3))
  return replies
}

const MAIL = 'MAIL FROM:<a@x.test>'
const RCPT = 'RCPT TO:<b@x.test>'
const MESSAGE = 'X-Mailstorm-Id: run-1\r\n\r\n..dot\r\n.'

test('takes a message into its ledger, without the dots that were stuffed', async () => {
  const { server, open } = await meet({})
  await using _ = server
  const client = await open()
  expect(await codes(client, MAIL, RCPT, 'DATA', MESSAGE)).toEqual(['250', '250', '354', '250'])
  expect(server.counts()).toMatchObject({ connections: 1, accepted: 1 })
  const entries = await Array.fromAsync(readLedgerEntries(server.ledgerFile, 'run'))
  expect(entries).toEqual([
    { id: 'run-1', bytes: 'X-Mailstorm-Id: run-1\r\n\r\n.dot\r\n'.length, intact: true },
  ])
  client.close()
})

test('refuses commands out of their order, and an envelope without a recipient', async () => {
  const { server, open } = await meet({})
  await using _ = server
  const client = await open()
  expect(await codes(client, RCPT, 'DATA', MAIL, MAIL, 'DATA', 'RSET', RCPT, 'WHAT', 'QUIT')).toEqual([
    ...['503', '503', '250', '503', '554', '250', '503', '500', '221'],
  ])
})

describe('rate', () => {
  test('answers messages beyond the rate with its code, and accepts again once a token is there', async () => {
    const { server, clock, open } = await meet({ rate: { perSecond: 10, burst: 2 } })
    await using _ = server
    const client = await open()
    expect(await codes(client, MAIL, 'RSET', MAIL, 'RSET', MAIL, MAIL)).toEqual([
      ...['250', '250', '250', '250', '451', '451'],
    ])
    await clock.advanceTo(100)
    expect(await codes(client, MAIL, 'RSET', MAIL)).toEqual(['250', '250', '451'])
    expect(server.counts().refused).toMatchObject({ mail: 3, rcpt: 0 })
    client.close()
  })

  test('ends the session after a 421, whatever was sent ahead', async () => {
    const { server, open } = await meet({ rate: { perSecond: 1, burst: 1, code: 421, stage: 'dot' } })
    await using _ = server
    const client = await open()
    expect(await codes(client, MAIL, RCPT, 'DATA', MESSAGE)).toEqual(['250', '250', '354', '250'])
    expect(await codes(client, MAIL, RCPT, 'DATA')).toEqual(['250', '250', '354'])
    expect(await client.say(`${MESSAGE}\r\nNOOP`)).toBe('421 4.7.0 more than 1 a second')
    await client.closed()
    expect(server.counts()).toMatchObject({ accepted: 1, refused: { dot: 1 } })
  })
})

describe('greylist', () => {
  test('refuses an unknown sender and recipient until its time is over, and knows each apart', async () => {
    const { server, clock, open } = await meet({ greylist: { stage: 'rcpt', forMs: 1_000 } })
    await using _ = server
    const client = await open()
    expect(await codes(client, MAIL, RCPT)).toEqual(['250', '451'])
    await clock.advanceTo(999)
    expect(await codes(client, RCPT)).toEqual(['451'])
    await clock.advanceTo(1_000)
    expect(await codes(client, RCPT, 'RCPT TO:<other@x.test>')).toEqual(['250', '451'])
    client.close()
  })

  test('refuses an unknown address in the greeting by 421 (RFC 5321 3.1)', async () => {
    const { server } = await meet({ greylist: { stage: 'greeting', forMs: 1_000 } })
    await using _ = server
    const client = new RawClient(server.port, server.host)
    expect(await client.reply()).toBe('421 4.7.1 greylisted, come back later')
    await client.closed()
  })
})

test('delays the reply of a tarpitted stage, and everything sent after it', async () => {
  const { server, clock, open } = await meet({ tarpit: { mail: 500 } })
  await using _ = server
  const client = await open()
  const replies: string[] = []
  const mail = client.say(`${MAIL}\r\nNOOP`).then(async (reply) => replies.push(reply, await client.reply()))
  while (clock.armed === 0) await new Promise(setImmediate)
  await clock.advanceTo(499)
  expect(replies).toEqual([])
  await clock.advanceTo(500)
  await mail
  expect(replies).toEqual(['250 2.1.0 ok', '250 2.0.0 ok'])
  client.close()
})

test('names every bad value of a plan before it listens', async () => {
  const plan = { rate: { perSecond: 0, burst: 0 }, tarpit: { dot: -1 } }
  await expect(FaultServer.start(plan)).rejects.toThrow(
    'rate.perSecond is 0; allowed is a number above 0 and below 1e9; rate.burst is 0; allowed is a number from 1; tarpit.dot is -1',
  )
})

/** How many of so many attempts per millisecond get a token. */
function taken(
  bucket: TokenBucket,
  { fromMs, toMs, perMs }: { fromMs: number; toMs: number; perMs: number },
) {
  let count = 0
  for (let nowMs = fromMs; nowMs < toMs; nowMs++) {
    for (let i = 0; i < perMs; i++) if (bucket.take(nowMs)) count++
  }
  return count
}

test('gives its burst at once and then exactly its rate, however much is asked', () => {
  const bucket = new TokenBucket({ perSecond: 300, burst: 10 }, 0)
  expect(taken(bucket, { fromMs: 0, toMs: 1, perMs: 50 })).toBe(10)
  expect(taken(bucket, { fromMs: 1, toMs: 10_001, perMs: 5 })).toBe(3_000)
})

test('saves no more than its burst over a pause', () => {
  const bucket = new TokenBucket({ perSecond: 1_000, burst: 3 }, 0)
  expect(taken(bucket, { fromMs: 60_000, toMs: 60_001, perMs: 10 })).toBe(3)
})

test('gives nothing for a clock that goes back, and does not count that time twice', () => {
  const bucket = new TokenBucket({ perSecond: 1, burst: 1 }, 1_000)
  expect(bucket.take(1_000)).toBe(true)
  expect(bucket.take(0)).toBe(false)
  expect(bucket.take(1_999)).toBe(false)
  expect(bucket.take(2_000)).toBe(true)
})

test('says that its port is taken, and leaves no ledger behind', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fault-server-test-'))
  onTestFinished(() => {
    vi.unstubAllEnvs()
    rmSync(folder, { recursive: true })
  })
  await using first = await FaultServer.start({})
  vi.stubEnv('TMPDIR', folder)
  await expect(FaultServer.start({ port: first.port })).rejects.toMatchObject({
    code: 'LISTEN',
    message: expect.stringContaining(`127.0.0.1:${first.port} for a fault server: the port is taken`),
  })
  expect(readdirSync(folder)).toEqual([])
})

describe('chunking', () => {
  const bdat = (octets: string, last = ' LAST') => `BDAT ${octets.length}${last}\r\n${octets}`
  const ENVELOPE = `${MAIL}\r\n${RCPT}\r\n`

  async function repliesTo(plan: FaultServerPlan, octets: string, count: number) {
    const { server, open } = await meet(plan)
    await using _ = server
    const client = await open()
    client.write(octets)
    const replies: string[] = []
    for (let at = 0; at < count; at++) replies.push((await client.reply()).slice(0, 3))
    const entries = await Array.fromAsync(readLedgerEntries(server.ledgerFile, 'run'))
    client.close()
    return { replies: replies.join(' '), ids: entries.map(({ id }) => id) }
  }
  const message = (number: number) => `X-Mailstorm-Id: run-${number}\r\n\r\nQUIT\r\n`

  test('takes messages by BDAT, and swallows the chunk of a refused envelope', async () => {
    const octets = `${ENVELOPE}${bdat(message(1).slice(0, 5), '')}${bdat(message(1).slice(5))}${bdat('QUIT\r\n')}NOOP\r\n`
    expect(await repliesTo({ chunking: {} }, octets, 6)).toEqual({
      replies: '250 250 250 250 503 250',
      ids: ['run-1'],
    })
  })

  test('takes the chunk of a refused envelope for commands where it is told to', async () => {
    const octets = `${bdat('ha\r\nNOOP\r\n')}NOOP\r\n`
    expect(await repliesTo({ chunking: { swallows: false } }, octets, 4)).toMatchObject({
      replies: '503 500 250 250',
    })
  })

  test('refuses every second message at BDAT LAST, and says nothing after one that it stalls at', async () => {
    const two = `${ENVELOPE}${bdat(message(1))}${ENVELOPE}${bdat(message(2))}`
    const refuse = { stage: 'dot', every: 2, code: 552 } as const
    expect(await repliesTo({ chunking: {}, refuse }, two, 6)).toEqual({
      replies: '250 250 250 250 250 552',
      ids: ['run-1'],
    })
    const { server, open } = await meet({ chunking: { stallEvery: 1 } })
    await using _ = server
    const client = await open()
    client.write(two)
    expect([await client.reply(), await client.reply()].map((reply) => reply.slice(0, 3))).toEqual([
      '250',
      '250',
    ])
    await expect.poll(() => server.counts().accepted).toBe(1)
    client.close()
  })

  test('refuses bad counts, all at once', async () => {
    const plan = { chunking: { stallEvery: 0 }, refuse: { stage: 'rcpt', every: 1.5, code: 550 } } as const
    await expect(FaultServer.start(plan)).rejects.toThrow(
      /refuse\.every is 1\.5; allowed is a whole number from 1; chunking\.stallEvery is 0/,
    )
  })
})

test('refuses a connection that its ledger cannot note, and takes the next one', async () => {
  await using server = await FaultServer.start({})
  const noted = vi.spyOn(Ledger.prototype, 'connections')
  noted.mockImplementation((current) => {
    // A connection of an earlier test may end now.
    if (current === 0) return
    noted.mockRestore()
    throw new Error('ENOSPC: no space left on device')
  })
  const refused = new RawClient(server.port, server.host)
  expect(await refused.reply()).toBe('421 4.3.1 the ledger cannot be written')
  const client = await RawClient.ready(server.port, server.host)
  expect(await client.say('NOOP')).toBe('250 2.0.0 ok')
  client.close()
})
