import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { embeddedMailhog } from '../../containers/mailhog.ts'
import { embeddedSmtpServer } from '../../containers/smtp-server.ts'
import { RawSmtp } from '../../src/programs/sink/contract/raw-smtp.ts'
import { bootMailhog } from './boot-mailhog.ts'

/**
 * Our sink and the real MailHog side by side, the two taking turns:
 *   npx node test/mailhog/measure.ts --mailhog /tmp/gobin/MailHog
 */
const { values: flags } = parseArgs({ options: { mailhog: { type: 'string' }, rounds: { type: 'string' } } })
const ROUNDS = Number(flags.rounds ?? 5)
const MEGABYTE = 1024 * 1024
const LINE = `${'x'.repeat(76)}\r\n`

interface Subject {
  readonly name: string
  readonly pid: number
  readonly smtpPort: number
  /** Undefined for a server that stores nothing. */
  readonly apiUrl?: string
}

async function main(): Promise<void> {
  await withBoth(async (subjects) => {
    await using fleet = await embeddedSmtpServer({ name: 'npm smtp-server' }).start()
    const all = [...subjects, { name: fleet.name, pid: fleet.pid, smtpPort: fleet.port }]
    await rates(all, '-s 20 -m 5000 -l 1024 -d')
    await rates(all, '-s 20 -m 3000 -l 10240 -d')
    await rates(all, '-s 20 -m 3000 -l 1024')
    await pipelinedRates(all, 1024)
    await pipelinedRates(all, 10_240)
  })
  await withBoth((subjects) => memory(subjects, 50_000, 1024))
  await withBoth(async (subjects) => {
    await memory(subjects, 10_000, 10_240)
    await listing(subjects)
  })
  for (const megabytes of [1, 10, 50]) {
    await withBoth(async (subjects) => {
      // MailHog's time grows with the square of the lines: more than 1 MB of it is a long wait.
      const able = subjects.filter(({ name }) => megabytes === 1 || name === 'sink')
      for (const subject of able) await bigMessage(subject, megabytes)
    })
  }
}

/** Fresh processes, so that no measurement finds the memory of the one before. */
async function withBoth(measure: (subjects: readonly Subject[]) => Promise<void>): Promise<void> {
  await using ours = await embeddedMailhog().start()
  await using real = flags.mailhog === undefined ? undefined : await bootMailhog(flags.mailhog, {})
  const sink = { ...pick(ours), name: 'sink' }
  await measure(real === undefined ? [sink] : [sink, { ...pick(real), name: 'MailHog' }])
}

function pick({ pid, smtpPort, apiUrl }: { pid: number; smtpPort: number; apiUrl: string }) {
  return { pid, smtpPort, apiUrl }
}

async function rates(subjects: readonly Subject[], options: string): Promise<void> {
  const messages = Number(/-m (\d+)/.exec(options)?.[1])
  const perSecond = new Map(subjects.map(({ name }) => [name, [] as number[]]))
  for (let round = 0; round < ROUNDS; round++) {
    for (const subject of subjects) {
      const startedMs = performance.now()
      send(subject, options)
      perSecond.get(subject.name)?.push((messages / (performance.now() - startedMs)) * 1000)
      await deleteAll(subject)
    }
  }
  report(`smtp-source ${options}, messages/s, median of ${ROUNDS}`, perSecond)
}

/** 20 sessions, the end of each message and the next envelope in one write (RFC 2920). */
async function pipelinedRates(subjects: readonly Subject[], bytes: number): Promise<void> {
  const perSecond = new Map(subjects.map(({ name }) => [name, [] as number[]]))
  const perSession = 250
  const content = LINE.repeat(Math.ceil(bytes / LINE.length))
  const transaction = `MAIL FROM:<a@x.test>\r\nRCPT TO:<b@y.test>\r\nDATA\r\n`
  const session = async (smtpPort: number) => {
    using smtp = await RawSmtp.greeted(smtpPort)
    await smtp.write(transaction)
    for (let left = perSession; left > 0; left--) {
      // MAIL, RCPT and DATA are answered, or the connection is broken.
      for (let reply = ''; !reply.startsWith('354'); ) reply = answered(await smtp.reply())
      await smtp.write(`${content}.\r\n${left === 1 ? '' : transaction}`)
      answered(await smtp.reply())
    }
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (const subject of subjects) {
      const startedMs = performance.now()
      await Promise.all(Array.from({ length: 20 }, () => session(subject.smtpPort)))
      perSecond.get(subject.name)?.push((20 * perSession * 1000) / (performance.now() - startedMs))
      await deleteAll(subject)
    }
  }
  report(`20 sessions, pipelined, ${bytes} bytes, messages/s, median of ${ROUNDS}`, perSecond)
}

function answered(reply: string): string {
  if (!/^[23]/.test(reply)) throw new Error(`Unexpected reply: ${reply}`)
  return reply
}

async function memory(subjects: readonly Subject[], messages: number, bytes: number): Promise<void> {
  const perMessage = new Map<string, number[]>()
  for (const subject of subjects) {
    const beforeBytes = residentBytes(subject.pid)
    send(subject, `-s 20 -m ${messages} -l ${bytes} -d`)
    perMessage.set(subject.name, [(residentBytes(subject.pid) - beforeBytes) / messages])
  }
  report(`growth of resident memory in bytes per message, ${messages} of ${bytes} bytes`, perMessage)
}

/** Reads what `memory` has left: 10,000 messages of 10 KB. */
async function listing(subjects: readonly Subject[]): Promise<void> {
  const seconds = new Map<string, number[]>()
  for (const subject of subjects) {
    const startedMs = performance.now()
    for (let start = 0; start < 10_000; start += 250)
      await (await fetch(`${subject.apiUrl}/api/v2/messages?limit=250&start=${start}`)).arrayBuffer()
    seconds.set(subject.name, [(performance.now() - startedMs) / 1000])
    await deleteAll(subject)
  }
  report('seconds to page through 10,000 messages of 10 KB, one request at a time', seconds)
}

async function bigMessage({ name, pid, smtpPort }: Subject, megabytes: number): Promise<void> {
  using smtp = await RawSmtp.greeted(smtpPort)
  await smtp.envelope('a@x.test', ['b@y.test'])
  const content = Buffer.from(LINE.repeat(Math.ceil((megabytes * MEGABYTE) / LINE.length)))
  const startedMs = performance.now()
  await smtp.write(content)
  await smtp.write('.\r\n')
  await smtp.reply(120_000)
  const tookMs = Math.round(performance.now() - startedMs)
  const peakMegabytes = Math.round(memoryField(pid, 'VmHWM') / MEGABYTE)
  console.log(`${name}: ${megabytes} MB accepted in ${tookMs} ms, process peak ${peakMegabytes} MB`)
}

function send({ smtpPort }: Subject, options: string): void {
  execFileSync('smtp-source', [...options.split(' '), `127.0.0.1:${smtpPort}`])
}

async function deleteAll({ apiUrl }: Subject): Promise<void> {
  if (apiUrl === undefined) return
  await fetch(`${apiUrl}/api/v1/messages`, { method: 'DELETE' })
}

function residentBytes(pid: number): number {
  return memoryField(pid, 'VmRSS')
}

function memoryField(pid: number, field: string): number {
  const kilobytes = new RegExp(`${field}:\\s+(\\d+) kB`).exec(
    readFileSync(`/proc/${pid}/status`, 'utf8'),
  )?.[1]
  return Number(kilobytes) * 1024
}

function report(title: string, values: ReadonlyMap<string, readonly number[]>): void {
  const medians = [...values].map(([name, numbers]) => {
    const sorted = numbers.toSorted((a, b) => a - b)
    return [name, sorted[Math.floor(sorted.length / 2)] ?? Number.NaN] as const
  })
  const [first, ...others] = medians
  const ratios = others.map(
    ([name, value]) => `${((first?.[1] ?? Number.NaN) / value).toPrecision(3)} × ${name}`,
  )
  const list = medians.map(([name, value]) => `${name} ${value < 10 ? value.toFixed(2) : Math.round(value)}`)
  console.log(`${title}: ${[...list, ...ratios].join(', ')}`)
}

await main()
