import { expect } from 'vitest'
import type { ContractTest, Hog } from './hog.ts'

export const searchTests: readonly ContractTest[] = [
  {
    title: 'searches from and to in the envelope and in the field of exactly that name',
    async run(hog) {
      await sendSamples(hog)
      expect(await found(hog, 'from', 'ANN@x')).toEqual(['1'])
      expect(await found(hog, 'from', 'carol')).toEqual(['2'])
      expect(await found(hog, 'to', 'bob@')).toEqual(['1'])
      expect(await found(hog, 'to', 'hidden')).toEqual(['2'])
      expect(await found(hog, 'to', 'Listed Name')).toEqual(['2'])
      expect(await found(hog, 'to', 'lower case field')).toEqual([])
    },
  },
  {
    title: 'searches containing in the encoded body and in the values of all fields, not in their names',
    async run(hog) {
      await sendSamples(hog)
      expect(await found(hog, 'containing', 'WORLD')).toEqual(['1'])
      expect(await found(hog, 'containing', 'gr=C3=BC')).toEqual(['2'])
      expect(await found(hog, 'containing', 'grü')).toEqual([])
      expect(await found(hog, 'containing', 'lower CASE')).toEqual(['2'])
      expect(await found(hog, 'containing', 'X-Other')).toEqual([])
      expect(await found(hog, 'containing', 'ann@x')).toEqual(['1'])
      expect(await found(hog, 'containing', 'by mailhog.example')).toEqual(['2', '1'])
      expect(await found(hog, 'containing', 'w.rld')).toEqual([])
    },
  },
  {
    title: 'pages what it found, newest first',
    async run(hog) {
      await hog.sendMany(5)
      const page = await hog.search('containing', 'BODY', '&start=1&limit=2')
      expect([page.total, page.count, page.start]).toEqual([5, 2, 1])
      expect(page.items.map(({ Content }) => Content.Body)).toEqual(['body 4', 'body 3'])
      expect(await hog.search('containing', 'body', '&start=6')).toMatchObject({
        total: 0,
        count: 0,
        start: 6,
      })
    },
  },
]

async function sendSamples(hog: Hog): Promise<void> {
  await hog.send('Subject: 1\r\n\r\nHello world', 'ann@x.test', ['bob@y.test'])
  await hog.send(
    'Subject: 2\r\nFrom: Carol <c@z.test>\r\nTo: Listed name <l@z.test>\r\nto: lower case field\r\nX-Other: v\r\n\r\nGr=C3=BCn',
    'dave@x.test',
    ['hidden@y.test'],
  )
}

async function found(hog: Hog, kind: string, query: string): Promise<(string | undefined)[]> {
  const { items } = await hog.search(kind, query)
  return items.map(({ Content }) => Content.Headers.Subject?.[0])
}
