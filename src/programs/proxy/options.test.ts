import { expect, test } from 'vitest'
import { proxyConfig, proxyConfigFromEnvironment } from './options.ts'

const databaseUrl = 'postgresql://u:p@127.0.0.1:5432/d'

test('has the defaults of genro-mail-proxy’s pressure test', () => {
  expect(proxyConfig({ databaseUrl })).toMatchObject({
    sendLoopIntervalMs: 1_000,
    batchSizePerAccount: 50,
    poolSize: 20,
    syncIntervalMs: 5_000,
    retryDelaysMs: [60_000, 300_000, 900_000, 3_600_000, 7_200_000],
  })
})

test('reads the GMP_ variables in their units', () => {
  const config = proxyConfigFromEnvironment({
    GMP_DB_PATH: databaseUrl,
    GMP_SEND_LOOP_INTERVAL: '0.25',
    GMP_BATCH_SIZE_PER_ACCOUNT: '7',
    GMP_POOL_SIZE: '3',
    GMP_SYNC_INTERVAL: '2',
    GMP_CACHE_DISK_THRESHOLD_KB: '1',
    GMP_RETRY_DELAYS: '1, 2.5',
    GMP_LOG_LEVEL: 'WARNING',
    PATH: '/bin',
  })
  expect(config).toMatchObject({
    sendLoopIntervalMs: 250,
    batchSizePerAccount: 7,
    poolSize: 3,
    syncIntervalMs: 2_000,
    cacheDiskThresholdBytes: 1_024,
    retryDelaysMs: [1_000, 2_500],
    logLevel: 'warning',
  })
})

test('names every problem at once, with what is allowed', () => {
  const read = () =>
    proxyConfigFromEnvironment({
      GMP_POOL_SIZE: 'many',
      GMP_LEASE: '0',
      GMP_LOG_LEVEL: 'loud',
      GMP_SPEED: '9',
    })
  expect(read).toThrow('Failed to configure the proxy: 5 problems.')
  expect(read).toThrow(
    'GMP_DB_PATH is not set. Allowed: a URL such as postgresql://user:password@host:5432/name.',
  )
  expect(read).toThrow(
    'GMP_POOL_SIZE="many" is not a whole number. Allowed: a whole number from 1 to 1,000. Set GMP_POOL_SIZE=20, or unset it (default: 20).',
  )
  expect(read).toThrow('GMP_LEASE="0" is too small. Allowed: a number from 0.5 to 3,600 seconds.')
  expect(read).toThrow('GMP_LOG_LEVEL="loud" is not known. Allowed: debug, info, warning, error, silent.')
  expect(read).toThrow('GMP_SPEED is not known; allowed are GMP_DB_PATH')
})

test('refuses an option that it does not know', () => {
  expect(() => proxyConfig({ databaseUrl, ...{ poolsize: 3 } })).toThrow(
    'poolsize is not known; allowed are databaseUrl',
  )
})

test('refuses to listen beyond loopback without a token', () => {
  expect(() => proxyConfig({ databaseUrl, host: '0.0.0.0' })).toThrow(
    'apiToken has to be set when host is not',
  )
  expect(proxyConfig({ databaseUrl, host: '0.0.0.0', apiToken: 'long-enough' }).host).toBe('0.0.0.0')
})

test('checks options that are values as strictly, in their own units', () => {
  const wrong = {
    leaseMs: 10,
    poolSize: 2.5,
    retryDelaysMs: [],
    smtpTlsVerify: '0',
    logLevel: 'loud',
    port: '8000',
  }
  const check = () => proxyConfig({ databaseUrl, ...(wrong as object) })
  expect(check).toThrow('Failed to configure the proxy: 6 problems.')
  expect(check).toThrow('leaseMs=10 is too small. Allowed: a number from 0.5 to 3,600 seconds.')
  expect(check).toThrow('poolSize=2.5 is not a whole number.')
  expect(check).toThrow('retryDelaysMs=[] is not a list of times.')
  expect(check).toThrow('smtpTlsVerify="0" is neither true nor false.')
  expect(check).toThrow('port="8000" is not a whole number.')
})

test('never repeats a password', () => {
  const read = () =>
    proxyConfigFromEnvironment({ GMP_DB_PATH: 'mysql://u:hunter2@h/d', GMP_API_TOKEN: 'hunter2' })
  expect(read).toThrow('GMP_DB_PATH=(not shown) is not valid.')
  expect(read).not.toThrow('hunter2')
})
