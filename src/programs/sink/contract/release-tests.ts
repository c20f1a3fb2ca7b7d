import { expect } from 'vitest'
import { type ContractTest, Hog } from './hog.ts'

export const releaseTests: readonly ContractTest[] = [
  {
    title: 'releases a message to the given server and recipient, from nobody at its host',
    async run(hog) {
      await using booted = await hog.boot({})
      const other = new Hog(booted, hog.boot)
      const id = await hog.send('Subject: go\r\n\r\nout')
      const target = { Host: '127.0.0.1', port: String(other.smtpPort), Email: 'z@there.test' }
      expect(await release(hog, id, target)).toBe(200)
      const { Raw, Content } = await other.newest()
      expect([Raw.From, Raw.To]).toEqual(['nobody@mailhog.example', ['z@there.test']])
      expect([Content.Headers.Subject, Content.Body.trimEnd()]).toEqual([['go'], 'out'])
    },
  },
  {
    title: 'releases by the name of a server that was saved with a release before',
    async run(hog) {
      await using booted = await hog.boot({})
      const other = new Hog(booted, hog.boot)
      const id = await hog.send('Subject: go\r\n\r\nout')
      const target = { Host: '127.0.0.1', Port: String(other.smtpPort), Email: 'z@there.test' }
      expect(await release(hog, id, { ...target, Name: 'other', Save: true })).toBe(200)
      expect(await release(hog, id, { Name: 'other', Email: 'y@there.test' })).toBe(200)
      expect((await other.list()).items.map(({ Raw }) => Raw.To)).toEqual([
        ['y@there.test'],
        ['z@there.test'],
      ])
      expect(await release(hog, id, { ...target, Name: 'other', Save: true })).toBe(400)
      expect(await (await hog.fetch('/api/v2/outgoing-smtp')).json()).toMatchObject({
        other: { Name: 'other', Save: true, Host: '127.0.0.1', Email: 'z@there.test' },
      })
    },
  },
  {
    title: 'refuses to release to an unknown name, by an unknown mechanism, or with a port that is a number',
    async run(hog) {
      const id = await hog.send('Subject: go\r\n\r\nout')
      const nowhere = { Host: '127.0.0.1', Port: '1', Email: 'z@there.test' }
      expect(await release(hog, id, { Name: 'nobody knows' })).toBe(400)
      expect(await release(hog, id, { ...nowhere, Username: 'u', Mechanism: 'CRAM-MD5' })).toBe(400)
      expect(await release(hog, id, { ...nowhere, Port: 1 })).toBe(500)
      expect(await release(hog, id, nowhere)).toBe(500)
    },
  },
]

async function release(hog: Hog, id: string, target: object): Promise<number> {
  const body = JSON.stringify(target)
  return (await hog.fetch(`/api/v1/messages/${id}/release`, { method: 'POST', body })).status
}
