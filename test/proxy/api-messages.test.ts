import { expect, test } from 'vitest'
import { add, apiScene } from './api-scene.ts'
import { messages } from './rig.ts'

const scene = apiScene()

test('queues the good ones of a batch and says what is wrong with the others', async () => {
  const [good, bad] = messages(2, {}, 'a')
  const { status, body } = await add(scene.api, [good, { ...bad, id: 'bad', to: 'x\r\nDATA' }, 'text'])
  expect(status).toBe(200)
  expect(body).toEqual({
    ok: true,
    queued: 1,
    rejected: [
      { id: 'bad', reason: 'to has control characters' },
      { id: null, reason: 'a message has to be an object' },
    ],
  })
})
test('refuses a batch of which nothing can be queued', async () => {
  const { status, body } = await add(scene.api, messages(1, { id: 'z', account_id: 'unknown' }, 'a'))
  expect(status).toBe(400)
  const rejected = [{ id: 'z', reason: 'account not found for tenant' }]
  expect(body.detail).toEqual({ error: 'no message was queued', rejected })
})
test('takes no more messages at once than allowed, and none for an empty list', async () => {
  expect(await add(scene.api, messages(101, {}, 'a'))).toMatchObject({
    status: 400,
    body: { detail: '101 messages at once; 100 are allowed' },
  })
  expect((await add(scene.api, [])).body).toEqual({ ok: true, queued: 0, rejected: [] })
  expect((await scene.api.post('/commands/add-messages', {})).status).toBe(422)
})
test('gives the priority of the batch to messages that have none', async () => {
  const [one, two] = messages(2, {}, 'a')
  await add(
    scene.api,
    [
      { ...one, id: 'p-none' },
      { ...two, id: 'p-own', priority: 'low' },
    ],
    { default_priority: 'high' },
  )
  const { body } = await scene.api.get('/messages?tenant_id=a&limit=1000')
  const of = (id: string) =>
    (body.messages as { id: string; priority: number }[]).find((message) => message.id === id)
  expect([of('p-none')?.priority, of('p-own')?.priority]).toEqual([1, 3])
})
test('lists page by page, all of them once, with their history', async () => {
  await scene.api.post('/tenant', { id: 'paged' })
  await scene.api.post('/account', { id: 'smtp', tenant_id: 'paged', host: 'h', port: 25 })
  await scene.api.post('/commands/suspend', { tenant_id: 'paged' })
  await add(scene.api, messages(25, {}, 'paged'))
  await add(scene.api, messages(1, { id: 'refused', to: 'nobody' }, 'paged'))
  const ids: string[] = []
  let next: unknown
  do {
    const after = next === undefined ? '' : `&after=${next}`
    const { body } = await scene.api.get(`/messages?tenant_id=paged&limit=10&include_history=true${after}`)
    ids.push(...(body.messages as { id: string }[]).map(({ id }) => id))
    next = body.next
  } while (next !== undefined)
  expect(ids).toHaveLength(26)
  expect(new Set(ids).size).toBe(26)
  const { body } = await scene.api.get('/messages?tenant_id=paged&include_history=true')
  const refused = (body.messages as { id: string; state: string; history: unknown }[]).find(
    ({ id }) => id === 'refused',
  )
  expect(refused).toMatchObject({
    state: 'refused',
    history: [{ event_type: 'error', description: expect.stringContaining('nobody') }],
  })
})
test('deletes messages by their ids', async () => {
  await add(
    scene.api,
    messages(2, {}, 'b').map((message, n) => ({ ...message, id: `gone-${n}` })),
  )
  const { body } = await scene.b.post('/commands/delete-messages', { ids: ['gone-0', 'gone-1', 'never'] })
  expect(body).toMatchObject({ ok: true, removed: 2, not_found: ['never'] })
})
