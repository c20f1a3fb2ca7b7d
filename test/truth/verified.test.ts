import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../containers/loopback.ts'
import { startNullSink } from '../../containers/null-sink.ts'
import type { Progress } from '../../src/engine/progress.ts'
import { type LoadOptions, runLoad } from '../../src/run/load.ts'
import { serve } from '../../src/smtp/preflight/fake-server.fixture.ts'

const LOAD = {
  executor: 'shared-iterations',
  workers: 4,
  size: 'small',
  pipeliningTrial: false,
} as const satisfies Partial<LoadOptions>

test('what goes straight into the sink arrives once, whole, and takes no time to speak of', async () => {
  const port = await freePort()
  const targets = [`127.0.0.1:${port}`]
  const result = await runLoad({
    ...LOAD,
    targets,
    messages: 500,
    recipients: 3,
    verify: `sink:${port}`,
    thresholds: ['e2e_p(99)<5000'],
  })
  expect(result.ledger).toMatchObject({
    ...{ verified: true, acknowledged: 500, received: 1500, lost: 0, duplicated: 0, corrupted: 0 },
    account: { expected: 1500, arrived: 1500, misrouted: 0, unjudged: 0 },
  })
  expect(result.thresholds.map(({ expression, verdict }) => `${expression} ${verdict}`)).toEqual([
    'e2e_p(99)<5000 pass',
    'success_rate>0.95 pass',
    'lost==0 pass',
    'duplicated==0 pass',
    'corrupted==0 pass',
    'bounced==0 pass',
    'misrouted==0 pass',
  ])
  const { delivery } = result
  expect(delivery?.per_server).toMatchObject([{ name: targets[0], end_to_end_ms: { count: 1500 } }])
  expect(delivery?.timeline.reduce((sum, row) => sum + row.acknowledged, 0)).toBe(1500)
  expect(result.histograms.end_to_end?.count).toBe(1500)
})

test('the sink takes whole messages by chunks, several in a write, and each arrives once and whole', async () => {
  const port = await freePort()
  const target = `127.0.0.1:${port}`
  const { pipelining, ledger, metrics } = await runLoad({
    ...LOAD,
    targets: [target],
    messages: 500,
    pipelining: 'chunks',
    pipelineDepth: 16,
    verify: `sink:${port}`,
  })
  expect(pipelining).toEqual([{ target, asked: 'chunks', used: 'chunks', trial_messages: 0 }])
  expect(metrics.phases_ms.data?.count ?? 0).toBe(0)
  expect(ledger).toMatchObject({ acknowledged: 500, received: 500, lost: 0, duplicated: 0, corrupted: 0 })
})

test('what a server takes and keeps is lost when the time is over, and only that', async () => {
  const port = await freePort()
  await using swallows = await startNullSink()
  const progress: Progress[] = []
  const { ledger, thresholds, verdict, delivery } = await runLoad({
    ...LOAD,
    targets: [`127.0.0.1:${port}`, `127.0.0.1:${swallows.port}`],
    messages: 100,
    messagesPerSession: 1,
    verify: `sink:${port}`,
    verifyTimeoutSeconds: 2,
    onProgress: (one) => progress.push(one),
  })
  const lost = ledger.lost ?? 0
  expect(lost).toBeGreaterThan(20)
  expect(ledger).toMatchObject({
    verified: true,
    duplicated: 0,
    account: { expected: 100, arrived: 100 - lost },
  })
  expect(ledger.lost_ids.length).toBe(Math.min(20, lost))
  expect(ledger.account?.waited_seconds).toBeGreaterThanOrEqual(2)
  expect(thresholds.find(({ metric }) => metric === 'lost')).toMatchObject({ verdict: 'fail', value: lost })
  expect(verdict).toBe('FAILED')
  expect(delivery?.per_server[1]?.end_to_end_ms.count).toBe(0)
  expect(delivery?.timeline.at(-1)?.in_between).toBe(lost)
  expect(progress.at(-1)?.delivery).toEqual({ arrived: 100 - lost, expected: 100 })
})

// As a program on Net::SMTP::Server 1.1 does, whose process() returns at QUIT: texts and recipients of a session add up.
test('a server that makes one message of a session is found by the account: one of each session arrived, damaged', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mailstorm-verified-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  for (const place of ['new', 'cur', 'tmp']) await mkdir(join(folder, place))
  let sessions = 0
  const port = await serve((socket) => {
    let text = ''
    let isData = false
    const name = `${Date.now()}.${++sessions}.fake`
    socket.write('220 one\r\n')
    createInterface({ input: socket, crlfDelay: Number.POSITIVE_INFINITY }).on('line', async (line) => {
      if (isData && line !== '.') text += `${line}\r\n`
      else if (line === 'QUIT') {
        if (text !== '') await writeFile(join(folder, 'new', name), text)
        socket.end('221 Good.\r\n')
      } else {
        isData = line === 'DATA'
        socket.write(isData ? '354 go\r\n' : '250 ok\r\n')
      }
    })
  })
  const { ledger, metrics, verdict } = await runLoad({
    ...LOAD,
    targets: [`127.0.0.1:${port}`],
    messages: 50,
    workers: 1,
    messagesPerSession: 10,
    verify: `maildir:${folder}`,
    verifyTimeoutSeconds: 2,
  })
  expect(metrics.successful_messages).toBe(50)
  expect(ledger).toMatchObject({ acknowledged: 50, received: 5, lost: 45, corrupted: 5, duplicated: 0 })
  expect(verdict).toBe('FAILED')
})

test('interrupted while it waits, a run calls nothing lost that may still come', async () => {
  const port = await freePort()
  await using swallows = await startNullSink()
  const controller = new AbortController()
  const { ledger, status, partial_reason, thresholds } = await runLoad({
    ...LOAD,
    targets: [`127.0.0.1:${swallows.port}`],
    messages: 50,
    verify: `sink:${port}`,
    signal: controller.signal,
    onProgress: ({ delivery }) => delivery && controller.abort(),
  })
  expect(ledger).toMatchObject({ verified: true, lost: null, account: { in_transit: 50, arrived: 0 } })
  expect([status, partial_reason]).toEqual(['partial', 'interrupted while 50 of 50 messages were in transit'])
  expect(thresholds.find(({ metric }) => metric === 'lost')).toMatchObject({
    verdict: 'skipped',
    reason: '50 were still in transit',
  })
})

test('a maildir with nobody behind it has nothing, and the run says which one', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mailstorm-verified-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  for (const place of ['new', 'cur', 'tmp']) await mkdir(join(folder, place))
  await using swallows = await startNullSink()
  const { ledger } = await runLoad({
    ...LOAD,
    targets: [`127.0.0.1:${swallows.port}`],
    messages: 10,
    verify: `maildir:${folder}`,
    verifyTimeoutSeconds: 1,
  })
  expect(ledger).toMatchObject({ lost: 10, account: { store: `the maildir ${folder}` } })
})

test('a store that is none, or cannot be read, is told before anything is sent', async () => {
  await using swallows = await startNullSink()
  const run = (verify: string) =>
    runLoad({ ...LOAD, targets: [`127.0.0.1:${swallows.port}`], messages: 10, verify })
  await expect(run('sinc:2525')).rejects.toThrow(
    /^Failed to read the scenario:\n {2}verify "sinc:2525" is not known; did you mean sink\. Allowed: sink:PORT/,
  )
  await expect(run('maildir:/nowhere/at/all')).rejects.toMatchObject({
    code: 'VERIFY_STORE',
    message: expect.stringContaining('Failed to read the maildir /nowhere/at/all'),
  })
})
