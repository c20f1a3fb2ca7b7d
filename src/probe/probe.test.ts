import { expect, test } from 'vitest'
import { startOddServer } from './odd-server.fixture.ts'
import { probe, probeLimitMs, QUESTIONS } from './probe.ts'
import type { ProbeContext } from './step.ts'

const CONTEXT: ProbeContext = {
  sender: 'a@x.test',
  recipient: 'b@x.test',
  waitMs: 300,
  quietMs: 30,
  connections: 5,
  runId: 'probe-1',
}

async function probed(target: { host: string; port: number }, context: Partial<ProbeContext> = {}) {
  const report = await probe({ name: 'odd', target, context: { ...CONTEXT, ...context }, stamp: 's' })
  return { report, row: (id: string) => report.rows.find((row) => row.id === id) }
}

test('finds and names a server that applies 512 octets to text (the known issue of PrixFixe 0.1.0)', async () => {
  const { row } = await probed(await startOddServer({ maxTextOctets: 510 }))
  expect(row('text-600')).toMatchObject({
    verdict: 'deviates',
    came: '500 Command too long',
    note: 'it applies the 512 octets of a command line to text in DATA',
  })
  expect(row('message')).toMatchObject({ verdict: 'conforms' })
  expect(row('command-512')).toMatchObject({ verdict: 'conforms' })
})

test('finds how many connections are accepted and what the next one gets', async () => {
  const limited = await probed(await startOddServer({ maxConnections: 3 }))
  expect(limited.row('connections')).toMatchObject({
    verdict: 'conforms',
    came: '3 times 220, then 421 too many',
    note: '3, then 421',
  })
  const unlimited = await probed(await startOddServer())
  expect(unlimited.row('connections')).toMatchObject({ came: '5 times 220', note: '5 or more' })
})

test('has a row for each question, in their order, and counts its verdicts', async () => {
  const { report } = await probed(await startOddServer())
  expect(report.rows.map(({ id }) => id)).toEqual(QUESTIONS.map(({ id }) => id))
  const sum = Object.values(report.counts).reduce((total, count) => total + count, 0)
  expect(sum).toBe(QUESTIONS.length)
  expect(report.extensions).toEqual(['PIPELINING', 'SIZE 1000000'])
})

test('ends even with a server that stays silent after its greeting', async () => {
  const target = await startOddServer({ command: () => '' })
  const { report } = await probed(target, { waitMs: 100, quietMs: 10 })
  expect(report.took_seconds * 1000).toBeLessThan(probeLimitMs({ waitMs: 20 }))
  expect(report.counts.conforms).toBeLessThan(5)
})

test('reports at once that nothing speaks SMTP there', async () => {
  const silent = await startOddServer({ greeting: '' })
  await expect(probed(silent)).rejects.toThrow(
    /Failed to probe odd: nothing within 0\.\d+ s instead of an SMTP greeting \(220\)\./,
  )
  await expect(probed({ host: '127.0.0.1', port: 1 })).rejects.toThrow('connection refused')
})

test('an empty line of the EHLO reply, as of Postfix’s smtp-sink, is no extension', async () => {
  const server = await startOddServer({
    command: (line) => (line.startsWith('EHLO') ? '250-odd.test\r\n250-PIPELINING\r\n250 ' : undefined),
  })
  const { report } = await probed(server)
  expect(report.extensions).toEqual(['PIPELINING'])
})
