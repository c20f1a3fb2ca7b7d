import { describe, expect, it } from 'vitest'
import { isOwnAddress, safeAddressesOf } from './address.ts'

describe('isOwnAddress', () => {
  it.each([
    ['127.0.0.1', true],
    ['127.255.255.254', true],
    ['::1', true],
    ['10.0.0.1', true],
    ['172.16.0.1', true],
    ['172.31.255.255', true],
    ['192.168.178.1', true],
    ['fd00::1', true],
    ['::ffff:10.0.0.1', true],
    ['::ffff:8.8.8.8', false],
    ['172.15.255.255', false],
    ['172.32.0.1', false],
    ['11.0.0.1', false],
    ['192.169.0.1', false],
    ['8.8.8.8', false],
    ['0.0.0.0', false],
    ['169.254.169.254', false],
    ['fe80::1', false],
    ['fe80::1%lo', false],
    ['2001:db8::1', false],
    ['::2', false],
  ])('%s: %s', (address, own) => {
    expect(isOwnAddress({ address, family: address.includes(':') ? 6 : 4 })).toBe(own)
  })
})

describe('safeAddressesOf', () => {
  const loopback = { address: '127.0.0.1', family: 4 }
  const outside = { address: '203.0.113.7', family: 4 }

  it('gives all addresses of a host of our own', async () => {
    const check = { host: 'mail.local', allowPublic: false, lookup: async () => [loopback] }
    await expect(safeAddressesOf(check)).resolves.toEqual([loopback])
  })

  it('refuses a host that has one public address among private ones', async () => {
    const check = { host: 'mail.corp', allowPublic: false, lookup: async () => [loopback, outside] }
    await expect(safeAddressesOf(check)).rejects.toMatchObject({
      code: 'PUBLIC_TARGET',
      message: [
        'Failed to accept the target: mail.corp is 203.0.113.7, which is neither loopback nor a private address.',
        'Set ALLOW_PUBLIC_TARGETS=1 if its owner agreed to this load test; or correct SMTP_TARGETS.',
      ].join('\n'),
    })
  })

  it('names a public address once when it was given as such', async () => {
    const check = { host: outside.address, allowPublic: false, lookup: async () => [outside] }
    await expect(safeAddressesOf(check)).rejects.toThrow(
      'Failed to accept the target: 203.0.113.7 is neither loopback nor a private address.',
    )
  })

  it('takes a public address when that is allowed', async () => {
    const check = { host: 'mail.corp', allowPublic: true, lookup: async () => [outside] }
    await expect(safeAddressesOf(check)).resolves.toEqual([outside])
  })

  it.each([
    ['ENOTFOUND', 'Failed to find the host "nowhere.test": no address is known for that name (ENOTFOUND).'],
    ['EAI_AGAIN', 'Failed to find the host "nowhere.test": the name server does not answer (EAI_AGAIN).'],
  ])('says what is known of a host on %s, also when public targets are allowed', async (code, why) => {
    const lookup = async () => {
      throw Object.assign(new Error('getaddrinfo'), { code })
    }
    const found = safeAddressesOf({ host: 'nowhere.test', allowPublic: true, lookup })
    await expect(found).rejects.toMatchObject({
      code: 'UNKNOWN_HOST',
      message: `${why}\nCorrect the name in SMTP_TARGETS, or give the IP address.`,
    })
  })

  it('names a name server that is silent, and does not wait for it', async () => {
    const lookup = () => new Promise<never>(() => {})
    const found = safeAddressesOf({ host: 'mail.test', allowPublic: true, lookup, lookupTimeoutMs: 50 })
    await expect(found).rejects.toMatchObject({
      code: 'UNKNOWN_HOST',
      message: [
        'Failed to find the host "mail.test": the name server did not answer within 0.05 s.',
        'Check which name server this machine uses (/etc/resolv.conf), or give the IP address in SMTP_TARGETS.',
      ].join('\n'),
    })
  })

  it('counts a host without any address as unknown', async () => {
    const check = { host: 'empty.test', allowPublic: false, lookup: async () => [] }
    await expect(safeAddressesOf(check)).rejects.toThrow('Failed to find the host "empty.test"')
  })
})
