import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readServerConfig } from './config.ts'
import { ControlApi } from './control-api.ts'
import { Ledger } from './ledger.ts'

let folder: string
let ledger: Ledger
let api: ControlApi

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'control-test-'))
  ledger = await Ledger.open(join(folder, 'ledger.ndjson'))
  api = await ControlApi.open(readServerConfig({ SMTP_DOMAIN: 'smtp1.test.local' }), ledger)
})
afterEach(async () => {
  await api.close()
  ledger.close()
  await rm(folder, { recursive: true })
})

const get = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${api.port}${path}`, init)
const received = (id: string) =>
  new Promise((resolve) => ledger.record({ id, bytes: 3, intact: true }, resolve))

test('reports its health and its name', async () => {
  const response = await get('/health')
  expect(await response.json()).toEqual({ status: 'ok', domain: 'smtp1.test.local', pid: process.pid })
})

test('gives the ledger of the run asked for', async () => {
  await Promise.all([received('a-1'), received('a-2'), received('b-1')])
  const response = await get('/ledger?run=a')
  expect(response.headers.get('content-type')).toBe('application/json')
  expect(await response.json()).toEqual({ ...ledger.of('a'), accepted: 2, bytes: 6 })
})

test('gives the ledger of messages without an id for an empty run', async () => {
  await received('')
  expect(await (await get('/ledger?run=')).json()).toMatchObject({ accepted: 1 })
})

test('streams every entry of the run as a line', async () => {
  const ids = Array.from({ length: 5_000 }, (_, n) => `a-${n}`)
  await Promise.all([...ids, 'b-1'].map(received))
  const response = await get('/ledger/entries?run=a')
  expect(response.headers.get('content-type')).toBe('application/x-ndjson')
  const lines = (await response.text()).trimEnd().split('\n')
  expect(lines.map((line) => JSON.parse(line).id)).toEqual(ids)
})

test('survives a reader that leaves in the middle of the entries', async () => {
  await Promise.all(Array.from({ length: 20_000 }, (_, n) => received(`a-${n}`)))
  const leaver = new AbortController()
  const response = await get('/ledger/entries?run=a', { signal: leaver.signal })
  await response.body?.getReader().read()
  leaver.abort()
  expect((await get('/health')).status).toBe(200)
})

test.each([
  ['a path that is none', '/nothing', 'GET', 404],
  ['a path of Object', '/constructor', 'GET', 404],
  ['the root', '/', 'GET', 404],
  ['another method', '/ledger?run=a', 'POST', 405],
  ['no run', '/ledger', 'GET', 400],
  ['no run for entries', '/ledger/entries?ran=a', 'GET', 400],
])('answers a request for %s with its error as JSON', async (_what, path, method, status) => {
  const response = await get(path, { method })
  expect(response.status).toBe(status)
  expect(await response.json()).toEqual({ error: expect.any(String) })
})

test.each([
  ['what is not HTTP', 'EHLO there\r\n\r\n', /^HTTP\/1.1 400 /],
  ['a broken escape in the run', 'GET /ledger?run=%E0%A4%A HTTP/1.0\r\n\r\n', /^HTTP\/1.1 200 /],
  ['an absolute URL', 'GET http://x/ledger?run=a HTTP/1.0\r\n\r\n', /^HTTP\/1.1 404 /],
])('answers %s and lives on', async (_what, request, answer) => {
  const socket = connect({ port: api.port, host: '127.0.0.1' })
  socket.write(request)
  expect(await text(socket)).toMatch(answer)
  expect((await get('/health')).status).toBe(200)
})
