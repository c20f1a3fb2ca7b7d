import { expect, test } from 'vitest'
import { add, apiScene } from './api-scene.ts'
import { ADMIN_TOKEN, messages } from './rig.ts'

const scene = apiScene()

const path = '/commands/add-messages'
test('refuses one that is too large', async () => {
  const answer = await add(scene.api, messages(1, { body: 'x'.repeat(1024 ** 2) }, 'a'))
  expect(answer).toMatchObject({ status: 413, body: { detail: 'Request body is too large' } })
})
test('refuses one that is nested too deep', async () => {
  const deep = `{"messages":${'['.repeat(100_000)}${']'.repeat(100_000)}}`
  expect(await scene.api.post(path, deep)).toMatchObject({
    status: 400,
    body: { detail: 'the body is nested more than 32 deep' },
  })
})
test.each([
  ['no JSON', 'hello', 400],
  ['half of a JSON', '{"messages":[', 400],
  ['a JSON that poisons objects', '{"__proto__":{"isAdmin":true},"messages":[]}', 400],
])('refuses %s', async (_what, body, status) => {
  expect(await scene.api.post(path, body)).toMatchObject({
    status,
    body: { ok: false, detail: expect.any(String) },
  })
})
test.each([
  [
    'compressed',
    { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    'compressed bodies are not accepted',
  ],
  ['of another type', { 'content-type': 'text/xml' }, 'the body has to be application/json'],
])('refuses one that is %s', async (_what, headers, detail) => {
  const response = await fetch(`${scene.api.url}${path}`, {
    method: 'POST',
    headers: { ...headers, 'X-API-Token': ADMIN_TOKEN },
    body: 'x',
  })
  expect({ status: response.status, body: await response.json() }).toEqual({
    status: 415,
    body: { ok: false, detail },
  })
})
test('takes brackets in strings for text', async () => {
  const { body } = await add(
    scene.api,
    messages(1, { id: 'brackets', body: `${'[{'.repeat(100)} "quoted \\" [ \\\\` }, 'a'),
  )
  expect(body.queued).toBe(1)
})
test('answers in JSON that there is no such thing', async () => {
  expect(await scene.api.get('/nothing')).toMatchObject({
    status: 404,
    body: { ok: false, detail: 'there is no GET /nothing' },
  })
})
