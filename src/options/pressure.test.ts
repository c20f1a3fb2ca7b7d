import { expect, test } from 'vitest'
import { readOptions } from './options.ts'

const external = (env: NodeJS.ProcessEnv) => readOptions(env).pressure.external

test('takes proxies that already run, in their order and without slashes at the end', () => {
  expect(external({ PROXY_URL: 'http://127.0.0.1:8000/, https://proxy.local:8443' })).toEqual({
    urls: ['http://127.0.0.1:8000', 'https://proxy.local:8443'],
    token: undefined,
    dialect: 'auto',
    host: '127.0.0.1',
    runNow: true,
  })
  expect(external({})).toBeUndefined()
})

test('leaves tenants to the sync interval of the proxy when asked to', () => {
  expect(external({ PROXY_URL: 'http://127.0.0.1:8000', PROXY_RUN_NOW: '0' })?.runNow).toBe(false)
})

test('refuses an address that is no URL of the web', () => {
  expect(() => external({ PROXY_URL: 'http://127.0.0.1:8000,127.0.0.1:8001' })).toThrow(
    'has a part that is not an http URL',
  )
})
