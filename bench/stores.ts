// Time, processor and memory that a look at 20,000 messages of 10 KB takes, in a real store (test/wild/install):
// node --expose-gc bench/stores.ts mailpit|mailhog|inbucket|dovecot [MAILBOXES]
import { testMail } from '../src/verify/message.fixture.ts'
import { storeOf } from '../src/verify/stores/registry.ts'
import { deliver } from '../test/wild/stores/delivery.fixture.ts'
import { startWildStore, type WildStore } from '../test/wild/wild-server.ts'

const MESSAGES = 20_000
const AT_ONCE = 1_000
const RUN = 'bench'
const BODY = `${'x'.repeat(74)}\r\n`.repeat(130)

const name = (process.argv[2] ?? 'mailpit') as WildStore
const mailboxes = Number(process.argv[3] ?? 1)
const recipients = Array.from({ length: mailboxes }, (_, index) => `user${index}@example.test`)
const mailOf = (number: number) => {
  const recipient = recipients[number % mailboxes] ?? ''
  return { recipient, octets: testMail({ runId: RUN, number, recipient, body: BODY }) }
}

using server = await startWildStore(name, name === 'inbucket' ? ['INBUCKET_STORAGE_MAILBOXMSGCAP=0'] : [])
const address = `127.0.0.1:${server.readPorts[0]}`
const text =
  name === 'dovecot'
    ? `imap://user{0..${mailboxes - 1}}%40example.test:pass@${address}?tls=none`
    : `${name}:http://${address}`
const context = { allowPublicTargets: false, note: console.log, recipients: () => recipients }
await using store = await storeOf(text, context)
if (store === undefined) throw new Error('no store')
await store.check()
for (let from = 0; from < MESSAGES; from += AT_ONCE) {
  const mails = Array.from({ length: AT_ONCE }, (_, index) => mailOf(from + index))
  await deliver(server.port, mails, name === 'dovecot' ? 'LHLO' : 'EHLO')
}
globalThis.gc?.()
const before = process.memoryUsage().rss
const [cpu, beginMs] = [process.cpuUsage(), performance.now()]
let [intact, peak] = [0, before]
for await (const { body } of store.arrivals(RUN, new AbortController().signal)) {
  if (body === 'intact') intact++
  if (intact % 500 === 0) peak = Math.max(peak, process.memoryUsage().rss)
}
const { user, system } = process.cpuUsage(cpu)
const seconds = (performance.now() - beginMs) / 1000
const lookMs = performance.now()
for await (const _ of store.arrivals(RUN, new AbortController().signal)) intact++
console.log(
  `${store.name}: ${intact} intact in ${seconds.toFixed(1)} s, ${((user + system) / 1e6).toFixed(1)} s of CPU, ` +
    `memory ${(before / 1e6).toFixed(0)} MB, at most ${(peak / 1e6).toFixed(0)} MB; ` +
    `the next look ${(performance.now() - lookMs).toFixed(0)} ms`,
)
