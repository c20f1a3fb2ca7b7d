import { describe, expect, it } from 'vitest'
import { addressesIn } from './client.ts'
import { readOptions } from './options.ts'

const customOf = (env: NodeJS.ProcessEnv) => readOptions(env).custom

describe('where sessions come from, and as whom', () => {
  it('takes addresses and ranges, in their order', () => {
    const { localAddresses = '' } = customOf({
      STRESS_LOCAL_ADDRESSES: '127.0.0.254-127.0.1.1, ::1,127.0.0.9',
    })
    expect(addressesIn(localAddresses)).toEqual([
      ...['127.0.0.254', '127.0.0.255', '127.0.1.0', '127.0.1.1'],
      ...['::1', '127.0.0.9'],
    ])
  })

  it.each([
    [{ STRESS_LOCAL_ADDRESSES: 'localhost' }, 'has "localhost", which is neither an IP address nor a range'],
    [{ STRESS_LOCAL_ADDRESSES: '127.0.0.9-127.0.0.2' }, 'has "127.0.0.9-127.0.0.2", which is neither'],
    [{ STRESS_LOCAL_ADDRESSES: '127.0.0.0-127.1.0.0' }, 'has more than 4096 addresses'],
    [{ STRESS_LOCAL_ADDRESSES: '127.0.0.2-127.0.0.4,127.0.0.3' }, 'names an address twice'],
    [{ STRESS_PROXY_PROTOCOL: '3' }, 'STRESS_PROXY_PROTOCOL="3" is not known. Allowed: v1, v2.'],
    [{ STRESS_PROXY_SOURCE: '192.0.2.1' }, 'STRESS_PROXY_SOURCE is set without STRESS_PROXY_PROTOCOL'],
    [
      { STRESS_PROXY_PROTOCOL: 'v1', STRESS_PROXY_SOURCE: '192.0.2.1,8.8.8.8' },
      `STRESS_PROXY_SOURCE="192.0.2.1,8.8.8.8" has 8.8.8.8, which may be somebody's.`,
    ],
    [{ STRESS_XCLIENT: 'WHO=me' }, 'has "WHO=me", which is no attribute of XCLIENT'],
    [{ STRESS_XCLIENT: 'ADDR=here' }, 'has "ADDR=here", which is no address'],
    [{ STRESS_XCLIENT: 'NAME=a=b' }, 'has "NAME=a=b", whose value is not xtext'],
    [{ STRESS_XCLIENT: 'ADDR=8.8.8.8' }, 'STRESS_XCLIENT="ADDR=8.8.8.8" has 8.8.8.8'],
    [{ STRESS_EHLO_NAME: '[127.0.0.300]' }, 'is no address literal'],
    [{ STRESS_EHLO_NAME: 'a b' }, 'is no name for EHLO'],
    [
      { STRESS_TLS_CERT: 'client.pem' },
      'STRESS_TLS_CERT is set without STRESS_TLS_KEY. Set both, or neither.',
    ],
    [{ STRESS_TLS_MIN_VERSION: 'TLSv1' }, 'is not known. Allowed: TLSv1.2, TLSv1.3.'],
  ])('refuses %j', (env, problem) => {
    expect(() => readOptions(env)).toThrow(problem)
  })

  it('takes what Postfix takes as XCLIENT, and the addresses of anybody where that is allowed', () => {
    const STRESS_XCLIENT = 'name=[UNAVAILABLE] ADDR=IPV6:2001:db8::1 HELO=a+2Bb PROTO=ESMTP'
    expect(customOf({ STRESS_XCLIENT }).xclient).toBe(STRESS_XCLIENT)
    expect(customOf({ STRESS_XCLIENT: 'ADDR=8.8.8.8', ALLOW_PUBLIC_TARGETS: '1' }).xclient).toBe(
      'ADDR=8.8.8.8',
    )
  })
})
