import { describe, expect, it } from 'vitest'
import { MailstormError } from '../error.ts'
import { type Measured, SMTP_FIGURES } from './smtp.ts'
import { measuredRun as run, sparse } from './threshold.fixture.ts'
import { judge, parseThreshold, unitOfThreshold } from './threshold.ts'

describe('parseThreshold', () => {
  it.each([
    ['p(99)<1000', 'p(99)', '<', 1000],
    [' p( 99.9 ) <= 2.5 ', 'p(99.9)', '<=', 2.5],
    ['p(99)<1s', 'p(99)', '<', 1000],
    ['p(99)<500ms', 'p(99)', '<', 500],
    ['avg>1', 'avg', '>', 1],
    ['p(0)>=1', 'p(0)', '>=', 1],
    ['p(100)<9', 'p(100)', '<', 9],
    ['service_time.p(37.5)<9', 'service_time.p(37.5)', '<', 9],
    ['service_time.max<9', 'service_time.max', '<', 9],
    ['connect.p(99.9)<1000', 'connect.p(99.9)', '<', 1000],
    ['accept.med<5', 'accept.med', '<', 5],
    ['success_rate >= 0.99', 'success_rate', '>=', 0.99],
    ['success_rate==1', 'success_rate', '==', 1],
    ['lost==0', 'lost', '==', 0],
    ['dropped != 3', 'dropped', '!=', 3],
    ['messages_per_second>100', 'throughput', '>', 100],
  ])('reads "%s"', (text, metric, comparison, limit) => {
    expect(parseThreshold(text)).toMatchObject({ metric, comparison, limit })
  })

  it('keeps the expression as written, without spaces', () => {
    expect(parseThreshold(' p(99) < 1s ').expression).toBe('p(99)<1s')
  })

  it.each([
    ['', 'it is not <metric><comparison><number>'],
    ['p(99)', 'it is not <metric><comparison><number>'],
    ['<5', 'it is not <metric><comparison><number>'],
    ['p(99)<', 'it is not <metric><comparison><number>'],
    ['p(99)=5', 'it is not <metric><comparison><number>'],
    ['p(99)<abc', 'it is not <metric><comparison><number>'],
    ['p(99)<1e3', 'it is not <metric><comparison><number>'],
    ['p(99)<NaN', 'it is not <metric><comparison><number>'],
    ['lost==0 && dropped==0', 'it is not <metric><comparison><number>'],
    ['p(101)<5', 'a percentile is between 0 and 100, not 101'],
    ['p(-1)<5', 'there is no metric "p(-1)"'],
    ['connect.p(98)<5', 'connect keeps only p(50), p(90), p(95), p(99), p(99.9), avg, min, max and med'],
    ['toString<5', 'there is no metric "toString"'],
    ['lost==-1', 'lost is never negative'],
    ['lost==0.5', 'lost is a count, and 0.5 is not a whole number'],
    ['lost<5ms', '"ms" cannot follow the limit of lost'],
    ['rate>5s', 'a rate is in messages per second'],
    ['regression<10ms', '"ms" cannot follow the limit of regression'],
    ['regression<10s', '"s" cannot follow the limit of regression'],
    ['success_rate>=99%', 'a share is a number between 0 and 1'],
    ['p(99)<5h', 'a time is in milliseconds, or ends in ms or s'],
    ['lost>=0', 'it can never fail'],
    ['success_rate<=1', 'it can never fail'],
    ['success_rate>1', 'it can never pass'],
    ['p(99)<0', 'it can never pass'],
  ])('refuses "%s": %s', (text, why) => {
    const message = errorOf(text).message
    expect(
      why.split('|').some((part) => message.includes(part)),
      message,
    ).toBe(true)
  })

  it.each([
    ['sucess_rate>=0.99', 'success_rate'],
    ['conect.p(95)<5', 'connect.p(95)'],
    ['p99<5', 'p(99)'],
    ['p99.95<5', 'p(99.95)'],
    ['service_time.p<5', 'service_time.p(99)'],
    ['service_tme.avg<5', 'service_time.avg'],
  ])('asks whether "%s" was meant to be %s', (text, meant) => {
    expect(errorOf(text).message).toContain(`Did you mean ${meant}?`)
  })

  it('says how a threshold is written when it cannot be read at all', () => {
    expect(errorOf('p(99)').message).toBe(
      [
        'Failed to read the threshold "p(99)": it is not <metric><comparison><number>.',
        'Comparisons: < <= > >= == !=. Examples: p(99)<1000, success_rate>=0.99, lost==0.',
      ].join('\n'),
    )
  })

  it('lists every known metric by unit when one is not known, and suggests nothing that is not near', () => {
    const { code, message } = errorOf('bananas<3')
    expect(code).toBe('BAD_THRESHOLD')
    const [first, second, ...units] = message.split('\n')
    expect(first).toBe('Failed to read the threshold "bananas<3": there is no metric "bananas".')
    expect(second).toBe('Known:')
    expect(units).toContain('    times in ms: p(N), avg, min, max, med')
    expect(units).toContain(
      '    shares: success_rate, error_rate, first_attempt_success_rate, rate_error, regression',
    )
    expect(units).toContain('    percent of a core: servers_cpu, generator_cpu')
    expect(units.at(-1)).toBe(
      '    of service_time, connect, tls, greeting, ehlo, auth, envelope, data, transfer, accept, quit, e2e too: connect.p(99)',
    )
    const listed = units.slice(0, -1).flatMap((line) => line.replace(/^.*?: /, '').split(', '))
    expect(new Set(listed).size).toBe(listed.length)
    const single = SMTP_FIGURES.known.filter((name) => !/\(|\./.test(name))
    expect(listed).toEqual(expect.arrayContaining(single))
  })

  it.each([
    ['success_rate>=100', 'success_rate>=1'],
    ['error_rate<=2.5', 'error_rate<=0.025'],
    ['success_rate>=250', 'success_rate>=0.99'],
  ])('shows how "%s" is written as a share: %s', (text, share) => {
    expect(errorOf(text).message.split('\n').at(-1)).toBe(`It is a share between 0 and 1: ${share}`)
  })

  it('says how a share is written when a percentage was given', () => {
    expect(errorOf('success_rate>=99').message).toBe(
      [
        'Failed to read the threshold "success_rate>=99": the limit 99 is out of range.',
        'It is a share between 0 and 1: success_rate>=0.99',
      ].join('\n'),
    )
  })
})

describe('judge', () => {
  it.each([
    ['p(99)<100', 99, 'pass'],
    ['p(99)<99', 99, 'fail'],
    ['p(99)<=99.1', 99, 'pass'],
    ['p(100)<100', 100, 'fail'],
    ['p(37.5)<39', 38, 'pass'],
    ['avg<51', 50.5, 'pass'],
    ['med==50', 50, 'pass'],
    ['max<100', 100, 'fail'],
    ['service_time.p(50)<4', 3, 'pass'],
    ['service_time.min>=4', 3, 'fail'],
    ['connect.p(95)<5', 6, 'fail'],
    ['success_rate>=0.99', 0.99, 'pass'],
    ['error_rate<=0.01', 0.01, 'pass'],
    ['accepted==99', 99, 'pass'],
    ['failed<1', 1, 'fail'],
    ['dropped!=0', 0, 'fail'],
    ['duplicated!=0', 1, 'pass'],
    ['connection_errors==1', 1, 'pass'],
    ['recipients_refused==0', 2, 'fail'],
    ['lost==0', 0, 'pass'],
    ['duplicated==0', 1, 'fail'],
    ['rate>49', 50, 'pass'],
    ['throughput>40', 40, 'fail'],
    ['messages_per_second>=40', 40, 'pass'],
  ])('judges %s on %d: %s', (text, value, verdict) => {
    const result = judge(parseThreshold(text), run)
    expect(result.verdict).toBe(verdict)
    // The histogram is accurate to 0.1 %.
    expect(Math.abs((result.value ?? Number.NaN) - value)).toBeLessThanOrEqual(value / 1000)
  })

  it.each([
    ['rate_error<0.01', 'the workload has no target rate to compare with'],
    ['tls.p(99)<5', 'no tls phase was measured'],
    ['auth.avg<5', 'no auth phase was measured'],
  ])('has no data for %s: %s', (text, reason) => {
    expect(judge(parseThreshold(text), run)).toMatchObject({ verdict: 'no-data', value: null, reason })
  })

  it('has no data for the ledger of a target that keeps none, and says why', () => {
    const unverified = {
      ...run,
      ledger: { ...run.ledger, verified: false, why_not: 'the target is external' },
    }
    expect(judge(parseThreshold('lost==0'), unverified)).toMatchObject({
      verdict: 'no-data',
      reason: 'the target is external',
    })
  })

  it.each(['lost==0', 'failed==0', 'success_rate>=0.5', 'p(99)<5', 'throughput<5'])(
    'has no data for %s in a run that planned nothing',
    (text) => {
      const nothing: Measured = {
        ...run,
        metrics: { ...run.metrics, total_messages: 0, success_rate: Number.NaN },
        histograms: { response_time: sparse([]), service_time: sparse([]) },
      }
      expect(judge(parseThreshold(text), nothing).verdict).toBe('no-data')
    },
  )
})

describe('unitOfThreshold', () => {
  it('is what the file says, or else the unit of the figure of that name', () => {
    expect(unitOfThreshold({ metric: 'p(99)', unit: 'seconds' })).toBe('seconds')
    expect(unitOfThreshold({ metric: 'connect.p(95)' })).toBe('ms')
    const older = { metric: 'success_rate', unit: 'of another version' as unknown as 'ms' }
    expect(unitOfThreshold(older)).toBe('share')
  })

  it('is a plain number where no figure has that name', () => {
    expect(['retries', 'p(101)'].map((metric) => unitOfThreshold({ metric }))).toEqual(['number', 'number'])
  })
})

function errorOf(text: string): MailstormError {
  try {
    parseThreshold(text)
  } catch (error) {
    if (error instanceof MailstormError) return error
    throw error
  }
  throw new Error(`"${text}" was accepted`)
}
