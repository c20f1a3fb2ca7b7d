import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { type ContractTest, Hog } from './hog.ts'

/** Made by `MailHog bcrypt pass`. */
const PASS_HASH = '$2a$04$WaMkhHCm5/1livuOEOKnpOWRpjgIZKh..3LgnlsM0ZuMdGSe9ZV0q'

export const settingsTests: readonly ContractTest[] = [
  {
    title: 'allows the origin of MH_CORS_ORIGIN on the API and not on the page',
    async run({ boot }) {
      await using booted = await boot({ MH_CORS_ORIGIN: 'https://app.test' })
      const hog = new Hog(booted, boot)
      const cors = async (path: string, method: string) => {
        const { headers } = await hog.fetch(path, { method })
        return ['origin', 'methods', 'headers'].map((name) => headers.get(`access-control-allow-${name}`))
      }
      const v1 = ['https://app.test', 'OPTIONS,GET,POST,DELETE', 'Content-Type']
      const v2 = ['https://app.test', 'OPTIONS,GET,PUT,POST,DELETE', 'Content-Type']
      expect(await cors('/api/v1/messages', 'GET')).toEqual(v1)
      expect(await cors('/api/v1/messages/x', 'DELETE')).toEqual(v1)
      expect(await cors('/api/v2/messages', 'OPTIONS')).toEqual(v2)
      expect(await cors('/api/v2/search', 'GET')).toEqual(v2)
      expect(await cors('/', 'GET')).toEqual([null, null, null])
    },
  },
  {
    title: 'sends no CORS fields without MH_CORS_ORIGIN',
    async run(hog) {
      const { headers } = await hog.fetch('/api/v2/messages', { method: 'OPTIONS' })
      expect(headers.get('access-control-allow-origin')).toBeNull()
    },
  },
  {
    title: 'moves page and API under MH_UI_WEB_PATH',
    async run({ boot }) {
      await using booted = await boot({ MH_UI_WEB_PATH: 'mail' })
      const hog = new Hog(booted, boot)
      const status = async (path: string) => (await hog.fetch(path)).status
      expect(await status('/mail/api/v2/messages')).toBe(200)
      expect(await status('/mail/')).toBe(200)
      expect(await status('/mail')).toBe(301)
      expect(await status('/api/v2/messages')).toBe(404)
      expect(await status('/')).toBe(404)
    },
  },
  {
    title: 'names itself by MH_HOSTNAME in the greeting, in ids and in Received',
    async run({ boot }) {
      await using booted = await boot({ MH_HOSTNAME: 'sink.test' })
      const hog = new Hog(booted, boot)
      const id = await hog.send('Subject: x\r\n\r\nb')
      expect(id).toMatch(/=@sink\.test$/)
      expect((await hog.newest()).Content.Headers.Received?.[0]).toContain(' by sink.test (MailHog)')
    },
  },
  {
    title: 'asks for a user of MH_AUTH_FILE everywhere',
    async run({ boot }) {
      const folder = mkdtempSync(join(tmpdir(), 'mailstorm-test-'))
      try {
        const file = join(folder, 'auth')
        writeFileSync(file, `ann:${PASS_HASH}\n`)
        await using booted = await boot({ MH_AUTH_FILE: file })
        const hog = new Hog(booted, boot)
        const status = async (path: string, login?: string) => {
          const headers = login === undefined ? {} : { Authorization: `Basic ${btoa(login)}` }
          const response = await hog.fetch(path, { headers })
          return [response.status, response.headers.get('www-authenticate')]
        }
        expect(await status('/api/v2/messages')).toEqual([401, 'Basic'])
        expect(await status('/')).toEqual([401, 'Basic'])
        expect(await status('/healthz')).toEqual([401, 'Basic'])
        expect(await status('/api/v2/messages', 'ann:wrong')).toEqual([401, 'Basic'])
        expect(await status('/api/v2/messages', 'bob:pass')).toEqual([401, 'Basic'])
        expect(await status('/api/v2/messages', 'ann:pass')).toEqual([200, null])
      } finally {
        rmSync(folder, { recursive: true })
      }
    },
  },
  {
    title: 'lists the servers of MH_OUTGOING_SMTP',
    async run({ boot }) {
      const folder = mkdtempSync(join(tmpdir(), 'mailstorm-test-'))
      try {
        const file = join(folder, 'outgoing.json')
        writeFileSync(file, '{"main":{"name":"main","host":"h.test","port":"25","email":"x@h.test"}}')
        await using booted = await boot({ MH_OUTGOING_SMTP: file })
        const text = await (await new Hog(booted, boot).fetch('/api/v2/outgoing-smtp')).text()
        expect(text).toBe(
          '{"main":{"Name":"main","Save":false,"Email":"x@h.test","Host":"h.test","Port":"25","Username":"","Password":"","Mechanism":""}}',
        )
      } finally {
        rmSync(folder, { recursive: true })
      }
    },
  },
]
