import fc from 'fast-check'
import { expect, test } from 'vitest'
import { say } from '../servers/script.ts'
import { ScriptedServer } from '../servers/scripted-server.ts'
import { freshDatabases } from './databases.ts'
import { enqueue, messages, Rig, setUp } from './rig.ts'

const freshDatabase = freshDatabases()

/** What ends lines, headers, bodies or strings somewhere, also once it is narrowed to Latin-1, decoded or unfolded. */
const ENDS = [
  '\r\n',
  '\n',
  '\r',
  '\0',
  '\u010a',
  '\u010d',
  '\u2028',
  '\u0085',
  '\ud800',
  '\r\n\r\n',
  '\r\n.\r\n',
]
const ODD = [
  'X-Evil: 1',
  '\r\nX-Evil: 1',
  '=?utf-8?Q?=0D=0AX-Evil:_1?=',
  '%0d%0a',
  '--',
  '"',
  '\\',
  ';',
  ',',
  '<',
  '>',
]
const WORDS = ['a', 'b c', 'é', '💥', ' ', '\t', '.', '..', '(', ')', 'x'.repeat(70), 'y'.repeat(1_000)]
const odd = fc
  .array(fc.oneof(fc.constantFrom(...ENDS, ...ODD, ...WORDS), fc.string({ unit: 'binary', maxLength: 5 })), {
    minLength: 1,
    maxLength: 6,
  })
  .map((parts) => parts.join(''))

/** One field of a message that is odd; the others are as usual. */
const field = fc.oneof(
  fc.record({ subject: odd }),
  fc.record({ body: odd }),
  fc.record({ body_html: odd }),
  fc.record({ from: odd.map((name) => `${name} <a@x.test>`) }),
  fc.record({ to: odd.map((name) => `"${name}" <b@y.test>`) }),
  fc.record({ to: odd.map((local) => `${local}@y.test`) }),
  fc.record({ reply_to: odd }),
  fc.record({ return_path: odd.map((local) => `${local}@x.test`) }),
  fc.record({ message_id: odd }),
  fc.record({ id: odd }),
  fc
    .dictionary(fc.constantFrom('X-A', 'References', 'In-Reply-To', 'Sender', 'OTP-Token', 'Keywords'), odd)
    .map((headers) => ({ headers })),
  fc.dictionary(odd, odd, { maxKeys: 1 }).map((headers) => ({ headers })),
  fc
    .record(
      { filename: odd, mime_type: odd.map((value) => `text/plain; name="${value}"`), content_id: odd },
      { requiredKeys: [] },
    )
    .map((change) => ({ attachments: [{ filename: 'a.txt', content: 'eA==', ...change }] })),
)

const FIELDS = [
  'x-genro-mail-id',
  'from',
  'to',
  'cc',
  'reply-to',
  'subject',
  'message-id',
  'date',
  'mime-version',
]
const OF_PARTS = ['content-type', 'content-transfer-encoding', 'content-disposition', 'content-id']

test('no text of a message becomes a line of SMTP or a field of its header, whatever is in it', async () => {
  await using rig = new Rig(await freshDatabase())
  const ehlo = [say('250-scripted', '250-PIPELINING', '250 SMTPUTF8')]
  const server = rig.use(await ScriptedServer.start({ ehlo }))
  const { api } = await rig.proxy({ sendLoopIntervalMs: 50 })
  await setUp(api, { smtpPort: server.port })
  const plain = messages(600)
  // No id twice: a message in the queue is replaced by a later one of its id.
  const all = fc
    .sample(field, plain.length)
    .map((change, n) => ({ ...plain[n], ...change, ...('id' in change ? { id: `${change.id}${n}` } : {}) }))
  let queued = 0
  for (let at = 0; at < all.length; at += 100) {
    const { status, body } = await api.post('/commands/add-messages', { messages: all.slice(at, at + 100) })
    expect(status).toBe(200)
    queued += Number(body.queued)
  }
  await expect.poll(() => api.metric('gmp_pending_messages'), { timeout: 30_000, interval: 100 }).toBe(0)
  const taken = server.sessions.flatMap((session) => session.messages)
  // Whatever was queued can be sent: nothing is found to be unfit only then.
  expect(taken).toHaveLength(queued)
  expect(queued).toBeGreaterThan(plain.length / 10)
  const asked = all.flatMap((one) => Object.keys((one as { headers?: object }).headers ?? {}))
  const known = new Set([...FIELDS, ...OF_PARTS, ...asked.map((name) => name.toLowerCase())])
  for (const { mail, rcpt, octets } of taken) {
    expect(mail).toMatch(/^MAIL FROM:<[^<>\r\n]*>(?: (?:SIZE=\d+|BODY=8BITMIME|SMTPUTF8))*$/)
    for (const line of rcpt) expect(line).toMatch(/^RCPT TO:<[^<>\r\n]+>$/)
    const text = octets.toString('latin1')
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
    const lines = text.split('\r\n')
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(999)
    const header = lines.slice(0, lines.indexOf(''))
    const names = header
      .filter((line) => !/^[ \t]/.test(line))
      .map((line) => line.split(':')[0]?.toLowerCase())
    expect(names.filter((name) => !known.has(String(name)))).toEqual([])
  }
}, 60_000)

/** Values of the wrong kind, out of range, or that a database, a URL or a number does not take. */
const value = fc.oneof(
  fc.constantFrom(
    null,
    true,
    0,
    -1,
    0.5,
    2 ** 31,
    2 ** 63,
    1e308,
    [],
    {},
    '',
    '*',
    't',
    'smtp',
    'NaN',
    '1e400',
  ),
  fc.constantFrom(
    '\0',
    '\ud800',
    'constructor',
    '../..',
    'http://',
    'http://[',
    'http://a:99999/',
    'x'.repeat(5_000),
  ),
  fc.string({ unit: 'binary', maxLength: 10 }),
  fc.double(),
)
const inPath = fc.oneof(
  fc.constantFrom('t', '%00', '%zz', '%ED%A0%80', '..'),
  fc.webPath().map(encodeURIComponent),
)
const ACCOUNT = { id: 'smtp', tenant_id: 't', host: '127.0.0.1', port: 1 }
/** Each route with what is right in its body and query, of which one part is replaced. */
const ROUTES = [
  [
    'POST',
    '/tenant',
    { id: 't', name: 'T', active: true, client_base_url: null, client_auth: null, rate_limits: null },
  ],
  [
    'POST',
    '/tenant',
    { id: 't', large_file_config: null, client_sync_path: '/s', client_attachment_path: '/a' },
  ],
  [
    'PUT',
    '/tenant/:id',
    { name: 'T', rate_limits: { hourly: 1, daily: 2 }, client_base_url: 'http://t.test' },
  ],
  ['DELETE', '/account/:id', {}],
  [
    'POST',
    '/account',
    { ...ACCOUNT, user: 'u', password: 'p', use_tls: false, batch_size: 5, limit_per_minute: 1 },
  ],
  ['POST', '/account', { ...ACCOUNT, limit_per_hour: 1, limit_per_day: 1, limit_behavior: 'defer' }],
  ['POST', '/commands/add-messages', { messages: [], tenant_id: 't', default_priority: 1 }],
  ['POST', '/commands/run-now', { tenant_id: 't' }],
  ['POST', '/commands/suspend', { tenant_id: 't', batch_code: 'b' }],
  ['POST', '/commands/activate', { tenant_id: 't', batch_code: 'b' }],
  ['POST', '/commands/delete-messages', { tenant_id: 't', ids: ['m'] }],
  ['POST', '/commands/cleanup-messages', { tenant_id: 't', older_than_seconds: 1 }],
  [
    'PUT',
    '/instance',
    { name: 'i', bounce_poll_interval: 60, bounce_return_path: 'b@x.test', bounce_imap_port: 1 },
  ],
  ['GET', '/messages', { tenant_id: 't', limit: 1, after: 'm', active_only: true, include_history: true }],
  ['GET', '/accounts', { tenant_id: 't' }],
  ['GET', '/tenant/:id', {}],
  ['GET', '/tenants', { active_only: true }],
  ['GET', '/command-log', { tenant_id: 't', since_ts: 0, until_ts: 1, endpoint_filter: 'x', limit: 1 }],
  ['GET', '/command-log/export', { tenant_id: 't', since_ts: 0, until_ts: 1 }],
  ['GET', '/files/:id/:id', {}],
] as const

test('no route fails for anything that it is given: what is wrong with it is the answer', async () => {
  await using rig = new Rig(await freshDatabase())
  const { api } = await rig.proxy({ sendLoopIntervalMs: 3_600_000 })
  await setUp(api, { smtpPort: 1 })
  await enqueue(api, messages(3))
  const given = fc.record({
    route: fc.constantFrom(...ROUTES),
    at: fc.nat(),
    value,
    id: inPath,
    inQuery: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(given, async ({ route: [method, path, right], at, value: odd, id, inQuery }) => {
      const keys = Object.keys(right)
      const body = { ...right, ...(keys.length === 0 ? {} : { [String(keys[at % keys.length])]: odd }) }
      const query = Object.entries(body).map(
        ([key, one]) => `${key}=${encodeURIComponent(String(one).toWellFormed())}`,
      )
      const isRead = method === 'GET' || inQuery
      const url = path.replaceAll(':id', id) + (isRead ? `?${query.join('&')}` : '')
      const { status } = await (method === 'GET'
        ? api.get(url)
        : method === 'DELETE'
          ? api.delete(url)
          : api[method === 'PUT' ? 'put' : 'post'](url, body))
      expect(status).toBeLessThan(500)
    }),
    { numRuns: 400 },
  )
}, 60_000)
