import { expect, it } from 'vitest'
import type { SmtpTarget } from '../target.ts'
import { checkLocalAddresses, checkPorts } from './local-addresses.ts'

const target: SmtpTarget = {
  name: 'server',
  host: '127.0.0.1',
  port: 25,
  tls: { mode: 'none', verify: true },
}
const range = () => '32768\t60999\n'

it('takes every address of this machine, of 127.0.0.0/8 too', async () => {
  await expect(checkLocalAddresses(['127.0.0.1', '127.9.8.7'], [target])).resolves.toBeUndefined()
})

it.each([
  ['192.0.2.7', target, 'Failed to connect from 192.0.2.7: it is not an address of this machine.'],
  ['0.0.0.0', target, 'Failed to connect from 0.0.0.0: it stands for all addresses.'],
  [
    '127.0.0.2',
    { ...target, addresses: ['::1'] },
    'Failed to connect to server from 127.0.0.2: it is ::1, of the other family.',
  ],
  ['127.0.0.2', { ...target, path: '/run/lmtp' }, 'from 127.0.0.2: a Unix socket has no addresses.'],
])('refuses %s for %j', async (address, to, why) => {
  await expect(checkLocalAddresses([address], [to])).rejects.toThrow(why)
})

it('counts the ports of each local address, or else of each target', () => {
  const demand = { sessions: 28_233, sessionsPerMinute: undefined }
  expect(() => checkPorts({ ...demand, targets: [target] }, range)).toThrow(
    'Failed to plan 28,233 sessions: there are 28,232 ports (28,232 in net.ipv4.ip_local_port_range, to 1 target).\nSet STRESS_LOCAL_ADDRESSES=127.0.0.2-127.0.0.20',
  )
  const two = { ...target, localAddresses: ['127.0.0.2', '127.0.0.3'] }
  expect(checkPorts({ ...demand, targets: [two] }, range)).toBeUndefined()
  expect(checkPorts({ ...demand, targets: [target, { ...target, port: 26 }] }, range)).toBeUndefined()
  expect(checkPorts({ ...demand, targets: [{ ...target, path: '/run/lmtp' }] }, range)).toBeUndefined()
  expect(checkPorts({ ...demand, targets: [target] }, () => undefined)).toBeUndefined()
})

it('warns where sessions come and go faster than their ports', () => {
  const demand = { sessions: 100, targets: [target] }
  expect(checkPorts({ ...demand, sessionsPerMinute: 28_132 }, range)).toBeUndefined()
  expect(checkPorts({ ...demand, sessionsPerMinute: 28_133 }, range)).toContain(
    'Ports may run out: 28,133 sessions begin in a minute, and a port may rest for 60 s after each; there are 28,232 ports',
  )
})
