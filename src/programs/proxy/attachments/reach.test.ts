import { expect, test } from 'vitest'
import { message, opened, read } from './attachments.fixture.ts'
import { checkHost, mayReach } from './reach.ts'

const PRIVATE = [
  '127.0.0.1',
  '127.255.255.254',
  '10.0.0.1',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '100.64.0.1',
]
const PRIVATE_6 = ['::1', 'fc00::1', 'fd12::1', '::ffff:10.0.0.1', '::ffff:7f00:1']
const NEVER = [
  ...['0.0.0.0', '0.1.2.3', '169.254.169.254', '224.0.0.1', '240.0.0.1', '255.255.255.255'],
  // IETF protocol assignments, documentation, 6to4 relays, benchmarking (RFC 6890, RFC 2544)
  ...[
    '192.0.0.1',
    '192.0.0.170',
    '192.0.2.1',
    '198.51.100.1',
    '203.0.113.1',
    '192.88.99.1',
    '198.18.0.1',
    '198.19.255.255',
  ],
  ...['100.100.100.200', '168.63.129.16', 'fd00:ec2::254'],
  ...['::', 'fe80::1', 'febf::1', 'fec0::1', 'ff02::1', '100::1', '::ffff:169.254.169.254', '::ffff:0.0.0.0'],
  // What hides an IPv4 address: NAT64 (RFC 6052, RFC 8215), 6to4, Teredo, RFC 6145
  ...['64:ff9b::a00:1', '64:ff9b:1::a00:1', '2002:a00:1::1', '2001:0:a00:1::1', '::ffff:0:a00:1'],
  ...['2001:db8::1', '3fff::1', '2001:2::1', '2001:10::1', '2001:20::1'],
]
const PUBLIC = [
  '1.1.1.1',
  '9.9.9.9',
  '172.15.255.255',
  '172.32.0.1',
  '100.63.255.255',
  '100.128.0.1',
  '198.17.0.1',
  '2606:4700::1',
]

test('sorts all special ranges of IPv4 and IPv6', () => {
  for (const address of [...PRIVATE, ...PRIVATE_6])
    expect([mayReach(address, true), mayReach(address, false)], address).toEqual([true, false])
  for (const address of NEVER)
    expect([mayReach(address, true), mayReach(address, false)], address).toEqual([false, false])
  for (const address of PUBLIC)
    expect([mayReach(address, true), mayReach(address, false)], address).toEqual([true, true])
})

test.each([
  '0',
  '0x0',
  '0.0',
  '00000000000',
  '2852039166',
  '0xa9fea9fe',
  '0251.0376.0251.0376',
  '169.254.43518',
])('knows the address in %s', (host) => {
  expect(() => checkHost(host, true)).toThrow('may not be reached')
})

test.each(['2130706433', '0x7f000001', '127.1', '0177.0.0.1', '[::1]', '::1', '[::ffff:127.0.0.1]'])(
  'knows loopback in %s',
  (host) => {
    expect(() => checkHost(host, false)).toThrow('may not be reached')
    expect(() => checkHost(host, true)).not.toThrow()
  },
)

test.each([
  'http://169.254.169.254/latest/meta-data',
  'http://[fe80::1]/',
  'http://[::ffff:169.254.169.254]/',
  'http://2852039166/',
  'http://0xa9.0xfe.0xa9.0xfe/',
  'http://[fd00:ec2::254]/',
  'http://0.0.0.0/',
])('reaches nothing at %s, private networks allowed or not', async (storage_path) => {
  const attachments = await opened({ httpUrlPrivate: true })
  const failed = read(attachments, message([{ filename: 'a', storage_path }]))
  await expect(failed).rejects.toMatchObject({
    message: expect.stringContaining('may not be reached'),
    final: true,
  })
})

test.each([
  'http://127.0.0.1:1/',
  'http://localhost:1/',
  'http://[::1]:1/',
  'http://10.0.0.1/',
  'http://[::ffff:10.0.0.1]/',
])('reaches nothing at %s unless private networks are allowed', async (storage_path) => {
  const failed = read(await opened(), message([{ filename: 'a', storage_path }]))
  await expect(failed).rejects.toMatchObject({
    message: expect.stringContaining('may not be reached'),
    final: true,
  })
})

test('reaches no metadata through a tenant’s own URL', async () => {
  const failed = read(
    await opened(),
    message([{ filename: 'a', storage_path: 'p' }], 'http://169.254.169.254'),
  )
  await expect(failed).rejects.toMatchObject({
    message: expect.stringContaining('may not be reached'),
    final: true,
  })
})

test('reaches no private network through a URL that a tenant set for itself', async () => {
  const given = message([{ filename: 'a', storage_path: 'p' }], 'http://localhost:1')
  const fenced = { ...given, client: { ...given.client, fenced: true } }
  await expect(read(await opened(), fenced)).rejects.toMatchObject({
    message: expect.stringContaining('may not be reached'),
    final: true,
  })
  const allowed = read(await opened({ httpUrlPrivate: true }), fenced)
  await expect(allowed).rejects.toMatchObject({
    message: expect.stringContaining('ECONNREFUSED'),
    final: false,
  })
})
