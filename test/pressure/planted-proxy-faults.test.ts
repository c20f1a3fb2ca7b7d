import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import type { Sinks } from '../../src/pressure/parts.ts'
import { embeddedSinks } from '../../src/pressure/scene/sinks.ts'
import { SlowLink } from '../../src/pressure/scene/slow-link.ts'
import type { PressureSpec } from '../../src/pressure/spec.ts'
import { freshDatabases } from '../proxy/databases.ts'
import { query } from '../proxy/new-database.ts'
import { OneFault, sinksBehind } from './faulty-relay.ts'
import { ForgottenRefusals } from './faulty-sync.ts'
import { missedOf, pressed } from './scene.ts'

// The suites failover, hanging-tenant, partial-refusal, many-recipients and odd-replies in small: what they press our
// proxy with is planted to go wrong, and exactly the row that is meant for it fails.

const freshDatabase = freshDatabases()
const limit = { timeout: 90_000 }
const PLAIN = { profile: 'standard', attachmentShare: 0, dndShare: 0 } as const
const QUICK = {
  GMP_SYNC_INTERVAL: '0.25',
  GMP_SEND_LOOP_INTERVAL: '0.05',
  GMP_RETRY_DELAYS: '0.2,0.2',
} as const

const REFUSED: PressureSpec = {
  durationSeconds: 5,
  proxy: QUICK,
  tenants: [{ ...PLAIN, messagesPerSync: 5, maxMessages: 20, recipientsPerMessage: 2 }],
  refusing: { odd: { replies: ['550 5.1.1 no\0body', '550 5.1.1 \x1b[2Jnobody'] } },
  quietSeconds: 3,
  thresholds: ['success_rate>=0.9'],
}

test('finds nothing where each refusal is reported and each message came once', limit, async () => {
  const result = await pressed(REFUSED, await freshDatabase())
  expect(missedOf(result)).toEqual([])
  expect(result.verification).toMatchObject({ handed_over: 20, intact: 20, missed_recipients: 20 })
})

test(
  'a proxy that sends again what somebody was refused makes duplicated==0 fail, with the id',
  limit,
  async () => {
    const planted = new OneFault(7, (message) => [message, message])
    const result = await pressed(REFUSED, await freshDatabase(), { sinks: () => sinksBehind(planted.fault) })
    expect(missedOf(result)).toMatchObject([{ expression: 'duplicated==0', value: 1 }])
    expect(result.verification.duplicated_ids).toEqual([planted.id])
  },
)

test('a proxy that does not report refusals has a row of its own: misreported==0', limit, async () => {
  const spec = { ...REFUSED, thresholds: ['misreported==0', 'success_rate>=0.9'] }
  const result = await pressed(spec, await freshDatabase(), {
    around: (late) => new ForgottenRefusals().around(late),
  })
  // None of the messages is accounted for.
  expect(missedOf(result)).toMatchObject([
    { expression: 'misreported==0', value: 20 },
    { metric: 'success_rate', value: 0 },
  ])
})

test('a proxy that leaves recipients out makes missed_recipients==0 fail', {
  ...limit,
  tags: 'long',
}, async () => {
  const tenants = [{ ...PLAIN, messagesPerSync: 1, maxMessages: 2, recipientsPerMessage: 25 }]
  const spec: PressureSpec = {
    ...REFUSED,
    tenants,
    refusing: { perTransaction: 10 },
    // Nothing may be heard of the last reports for a while on a busy machine.
    quietSeconds: 8,
    thresholds: ['missed_recipients==0'],
  }
  expect(missedOf(await pressed(spec, await freshDatabase()))).toEqual([])
  const refusing = { perTransaction: 10, odd: { replies: ['550 5.1.1 left out'] } }
  const result = await pressed({ ...spec, refusing }, await freshDatabase())
  const [missed, ...others] = missedOf(result)
  expect(missed).toMatchObject({ expression: 'missed_recipients==0' })
  expect(missed?.value).toBeGreaterThanOrEqual(24)
  expect(others).toEqual([])
})

test('a proxy that gives a slot back although its transaction took place makes over_limit==0 fail', {
  ...limit,
  tags: 'long',
}, async () => {
  const databaseUrl = await freshDatabase()
  const spec: PressureSpec = {
    ...REFUSED,
    tenants: [{ ...PLAIN, messagesPerSync: 1, maxMessages: 20, recipientsPerMessage: 2, limitPerMinute: 5 }],
    durationSeconds: 8,
    proxy: { ...QUICK, GMP_SYNC_INTERVAL: '0.5' },
    refusing: { odd: { replies: ['451 4.7.1 greylisted'] } },
    thresholds: ['over_limit==0', 'success_rate>=0.03'],
  }
  const keeping = await pressed(spec, await freshDatabase())
  expect(missedOf(keeping)).toEqual([])
  let planting: Promise<unknown> | undefined
  const result = await pressed(spec, databaseUrl, {
    onStarted() {
      planting = query(
        databaseUrl,
        `CREATE FUNCTION give_back() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             DELETE FROM rate_slots WHERE message_pk = NEW.message_pk; RETURN NULL; END $$;
           CREATE TRIGGER give_back AFTER UPDATE ON rate_slots FOR EACH ROW WHEN (NEW.mailed)
             EXECUTE FUNCTION give_back()`,
      )
    },
  })
  await planting
  const [missed, ...others] = missedOf(result)
  expect(missed).toMatchObject({ expression: 'over_limit==0' })
  expect(missed?.value).toBeGreaterThan(5)
  expect(others).toEqual([])
})

const FAILOVER: PressureSpec = {
  durationSeconds: 5,
  proxies: 1,
  proxy: { ...QUICK, GMP_LEASE: '2', GMP_LOG_LEVEL: 'silent' },
  tenants: [{ ...PLAIN, messagesPerSync: 10, reofferAfterMs: 3_000 }],
  failover: {
    endings: { fromSecond: 1, everySeconds: 0.5, times: 3 },
    readOnly: { fromSecond: 3, untilSecond: 4 },
  },
  quietSeconds: 8,
  thresholds: ['duplicated<=20'],
}

test('a proxy that dies with its database connections is reported, and its run fails', {
  ...limit,
  tags: 'long',
}, async () => {
  const kept = await freshDatabase()
  const outlived = await pressed(FAILOVER, kept, { databaseUrl: kept })
  expect(missedOf(outlived)).toEqual([])
  expect(outlived.status).toBe('complete')
  expect(outlived.events.map(({ what }) => what)).toEqual(
    expect.arrayContaining([expect.stringMatching(/^[1-9]\d* connections to the database were ended/)]),
  )
  const databaseUrl = await freshDatabase()
  const fault = pathToFileURL(`${import.meta.dirname}/ended-connections.ts`).href
  const result = await pressed(FAILOVER, databaseUrl, {
    databaseUrl,
    environment: { NODE_OPTIONS: `--import=${fault}` },
  })
  expect(result).toMatchObject({ status: 'partial', verdict: 'FAILED' })
  expect(result.partial_reason).toMatch(/^proxy-1 exited with code \d/)
})

test('a proxy that stalls on one hanging tenant makes p95_ratio<=2 fail', {
  ...limit,
  tags: 'long',
}, async () => {
  const alone: PressureSpec = {
    durationSeconds: 4,
    proxy: QUICK,
    tenants: [{ ...PLAIN, name: 'quick', messagesPerSync: 10 }],
    quietSeconds: 3,
    thresholds: [],
  }
  const hanging = {
    ...PLAIN,
    name: 'hanging',
    attachmentShare: 1,
    maxMessages: 10,
    maxAttachmentBytes: 10_240,
    attachmentFault: { kind: 'silent', share: 1 },
  } as const
  const beside: PressureSpec = {
    ...alone,
    tenants: [...alone.tenants, hanging],
    thresholds: ['p95_ratio<=2', 'success_rate>=0.05'],
  }
  const reference = await pressed(alone, await freshDatabase())
  expect(missedOf(await pressed(beside, await freshDatabase(), { reference }))).toEqual([])

  let link: SlowLink | undefined
  const result = await pressed(beside, await freshDatabase(), {
    reference,
    sinks: async () => {
      const sinks = await embeddedSinks()
      link = await SlowLink.open(sinks.smtp)
      return behind(sinks, link)
    },
    around: (late) => (dispatch) => (options, handler) => {
      if (options.path === '/attachments' && link !== undefined) link.bytesPerSecond = 1
      return late.intercept(dispatch)(options, handler)
    },
  })
  expect(missedOf(result).map(({ expression }) => expression)).toContain('p95_ratio<=2')
  expect(result.metrics.p95_ratio).toBeGreaterThan(2)
})

function behind(sinks: Sinks, link: SlowLink): Sinks {
  return {
    ...sinks,
    smtp: link.address,
    async [Symbol.asyncDispose]() {
      await link[Symbol.asyncDispose]()
      await sinks[Symbol.asyncDispose]()
    },
  }
}
