import { expect } from 'vitest'
import type { ContractTest, Hog } from './hog.ts'

const NOT_FOUND = '404 page not found\n'

export const apiTests: readonly ContractTest[] = [
  {
    title: 'lists newest first, 50 at a time, 250 at most',
    async run(hog) {
      await hog.sendMany(260)
      const { items, ...counts } = await hog.list()
      expect(counts).toEqual({ total: 260, count: 50, start: 0 })
      expect(items.slice(0, 2).map(subject)).toEqual(['260', '259'])
      expect(await hog.list('?limit=5000')).toMatchObject({ total: 260, count: 250, start: 0 })
      const last = await hog.list('?start=257&limit=10')
      expect([last.count, last.items.map(subject)]).toEqual([3, ['3', '2', '1']])
      expect(await hog.list('?start=261')).toEqual({ total: 260, count: 0, start: 261, items: [] })
    },
  },
  {
    title: 'reads start and limit leniently: what is no positive integer is the default',
    async run(hog) {
      await hog.sendMany(60)
      const page = async (query: string) => {
        const { count, start } = await hog.list(query)
        return [start, count]
      }
      for (const query of ['?limit=0', '?limit=-1', '?limit=abc', '?limit=1.5', '?limit=', '?limit=0x9']) {
        expect(await page(query), query).toEqual([0, 50])
      }
      expect(await page('?start=-5&limit=3')).toEqual([0, 3])
      expect(await page('?start=%2B5&limit=%2B3')).toEqual([5, 3])
      expect(await page('?start=99999999999999999999&limit=2&limit=9')).toEqual([0, 2])
    },
  },
  {
    title: 'lists at most 1,000 as a bare array by API v1',
    timeoutMs: 30_000,
    async run(hog) {
      expect(await (await hog.fetch('/api/v1/messages')).text()).toBe('[]')
      await hog.sendMany(1001)
      const items = (await (await hog.fetch('/api/v1/messages')).json()) as unknown[]
      expect(items).toHaveLength(1000)
      expect(items[0]).toMatchObject({ Content: { Headers: { Subject: ['1001'] } } })
    },
  },
  {
    title: 'shows one message by id, raw or percent-encoded, and null for an unknown one',
    async run(hog) {
      const id = await hog.send('Subject: x\r\n\r\nhello')
      const listed = await hog.newest()
      for (const form of [id, encodeURIComponent(id)]) {
        expect(await (await hog.fetch(`/api/v1/messages/${form}`)).json()).toEqual(listed)
      }
      expect(await answer(hog, '/api/v1/messages/unknown')).toEqual([200, 'text/json', 'null'])
    },
  },
  {
    title: 'deletes one, says 500 for an unknown one, and deletes all',
    async run(hog) {
      const [first = '', second = '', third = ''] = await hog.sendMany(3)
      const remove = (path: string) => answer(hog, path, { method: 'DELETE' })
      expect(await remove(`/api/v1/messages/${second}`)).toEqual([200, 'text/json', ''])
      expect(await remove(`/api/v1/messages/${second}`)).toEqual([500, 'text/json', ''])
      expect((await hog.list()).items.map(({ ID }) => ID)).toEqual([third, first])
      expect(await remove('/api/v1/messages')).toEqual([200, 'text/json', ''])
      expect(await hog.list()).toEqual({ total: 0, count: 0, start: 0, items: [] })
      await hog.sendMany(1)
      expect((await hog.list()).total).toBe(1)
    },
  },
  {
    title: 'answers with the content types and statuses of MailHog',
    async run(hog) {
      expect(await answer(hog, '/api/v2/outgoing-smtp')).toEqual([200, 'application/json', '{}'])
      expect((await answer(hog, '/api/v2/messages')).slice(0, 2)).toEqual([200, 'text/json'])
      const found = await answer(hog, '/api/v2/search?kind=to&query=nobody')
      expect(found).toEqual([200, 'application/json', '{"total":0,"count":0,"start":0,"items":[]}'])
      for (const query of ['', '?kind=subject&query=x', '?kind=to', '?kind=to&query=']) {
        expect(await answer(hog, `/api/v2/search${query}`), query).toEqual([400, null, ''])
      }
      for (const path of ['/healthz', '/api', '/api/v3/messages', '/api/v1/messages/a%2Fb']) {
        expect(await answer(hog, path), path).toEqual([404, 'text/plain; charset=utf-8', NOT_FOUND])
      }
      expect((await answer(hog, '/api/v2/messages', { method: 'DELETE' }))[0]).toBe(404)
      expect((await answer(hog, '/api/v2/messages', { method: 'HEAD' }))[0]).toBe(404)
      expect((await answer(hog, '/api/v1/messages/%zz'))[0]).toBe(400)
      expect((await answer(hog, '/api/v2/messages', { method: 'OPTIONS' })).slice(0, 3)).toEqual([
        200,
        null,
        '',
      ])
    },
  },
  {
    title: 'redirects a slash too many to the route without it',
    async run(hog) {
      for (const path of ['/api/v2/messages/', '//api/v2/messages']) {
        const response = await hog.fetch(path)
        expect([response.status, response.headers.get('location')], path).toEqual([301, '/api/v2/messages'])
      }
    },
  },
  {
    title: 'has a page at / that is HTML',
    async run(hog) {
      const response = await hog.fetch('/')
      expect([response.status, response.headers.get('content-type')]).toEqual([
        200,
        'text/html; charset=utf-8',
      ])
      expect(await response.text()).toMatch(/^<!doctype html>/i)
    },
  },
  {
    title: 'gives a part under its own header, base64 decoded, quoted-printable not',
    async run(hog) {
      const id = await hog.send(
        [
          'Content-Type: multipart/mixed; boundary=B\r\n\r\n',
          '--B\r\nContent-Type: text/x-one\r\nContent-Transfer-Encoding: base64\r\n\r\naGVs\r\nbG8=\r\n',
          '--B\r\nContent-Disposition: inline\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na=3Db\r\n--B--',
        ].join(''),
      )
      const part = (number: number) => hog.fetch(`/api/v1/messages/${id}/mime/part/${number}/download`)
      const first = await part(0)
      expect([first.headers.get('content-type'), first.headers.get('content-disposition')]).toEqual([
        'text/x-one',
        `attachment; filename="${id}-part-0"`,
      ])
      expect(await first.text()).toBe('hello')
      const second = await part(1)
      expect([second.headers.get('content-disposition'), await second.text()]).toEqual(['inline', 'a=3Db'])
      expect(await (await part(2)).text()).toBe('--')
    },
  },
  {
    title: 'offers a message as a file',
    async run(hog) {
      const id = await hog.send('Subject: x\r\n\r\nhello')
      const response = await hog.fetch(`/api/v1/messages/${id}/download`)
      expect([response.headers.get('content-type'), response.headers.get('content-disposition')]).toEqual([
        'message/rfc822',
        `attachment; filename="${id}.eml"`,
      ])
      expect(await response.text()).toMatch(/(^|\r\n)Subject: x\r\n.*hello$/s)
    },
  },
]

function subject({ Content }: { readonly Content: { readonly Headers: Record<string, readonly string[]> } }) {
  return Content.Headers.Subject?.[0]
}

async function answer(hog: Hog, path: string, init?: RequestInit): Promise<[number, string | null, string]> {
  const response = await hog.fetch(path, init)
  return [response.status, response.headers.get('content-type'), await response.text()]
}
