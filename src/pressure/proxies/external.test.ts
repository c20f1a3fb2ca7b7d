import { expect, test } from 'vitest'
import { externalProxies } from './proxies.ts'

const external = (url: string) => ({
  urls: [url],
  databaseUrl: undefined,
  token: undefined,
  dialect: 'auto' as const,
  host: '127.0.0.1',
  runNow: true,
})

test('a proxy with a public address among its own is refused before it is asked anything', async () => {
  const lookup = async () => [
    { address: '127.0.0.1', family: 4 },
    { address: '203.0.113.7', family: 4 },
  ]
  await expect(externalProxies(external('http://proxy.test:8000'), false, lookup)).rejects.toMatchObject({
    code: 'PUBLIC_TARGET',
    message: expect.stringContaining('proxy.test is 203.0.113.7'),
  })
  await expect(externalProxies(external('http://proxy.test:8000'), false, lookup)).rejects.toThrow(
    'or correct PROXY_URL.',
  )
})

test('checks an address in brackets as it is', async () => {
  const asked: string[] = []
  const lookup = async (host: string) => {
    asked.push(host)
    return [{ address: '203.0.113.7', family: 4 }]
  }
  await expect(externalProxies(external('http://[2001:db8::1]:8000'), false, lookup)).rejects.toThrow()
  expect(asked).toEqual(['2001:db8::1'])
})
