import { describe, expect, it } from 'vitest'
import { SmtpFailure } from './failure.ts'
import { type SessionCap, SessionCaps, SessionTally, type Suspicion } from './session-caps.ts'

const reply = (code: number, enhanced?: string) =>
  new SmtpFailure(code < 500 ? 'deferred' : 'rejected', {
    class: 'reply',
    phase: 'envelope',
    code,
    ...(enhanced === undefined ? {} : { enhanced }),
    text: `${code} no`,
  })

function tallyOf(...ends: readonly (SmtpFailure | undefined)[]): SessionTally {
  const tally = new SessionTally()
  for (const end of ends) tally.note(end)
  return tally
}

const taken = (count: number): undefined[] => Array<undefined>(count).fill(undefined)

function learning() {
  const told: (SessionCap | undefined)[] = []
  return { caps: new SessionCaps((_target, cap) => told.push(cap)), told }
}

describe('a tally', () => {
  it('counts deferrals that are alike and running, and what ended before them', () => {
    expect(tallyOf(...taken(3), reply(452), reply(452))).toMatchObject({ taken: 3, ended: 3, deferrals: 2 })
    expect(tallyOf(...taken(3), reply(452), reply(451))).toMatchObject({ taken: 3, ended: 4, deferrals: 1 })
    expect(tallyOf(...taken(3), reply(452), reply(452, '4.3.1'))).toMatchObject({ deferrals: 1 })
    expect(tallyOf(reply(452), reply(550), ...taken(1), reply(452))).toMatchObject({
      taken: 1,
      ended: 3,
      deferrals: 1,
    })
  })

  it('takes neither 421 nor 5xx for a deferral that a full session explains', () => {
    expect(tallyOf(...taken(3), reply(421)).deferrals).toBe(0)
    expect(tallyOf(...taken(3), reply(550), reply(550)).deferrals).toBe(0)
  })
})

describe('a session is suspected of being full', () => {
  const suspect = (caps: SessionCaps, tally: SessionTally, failure = reply(452), named = false) =>
    caps.suspect(0, tally, failure, named)

  it('after two deferrals alike behind a message that it took, not after one, nor if it took none', () => {
    const { caps } = learning()
    expect(suspect(caps, tallyOf(...taken(3), reply(452)))).toBeUndefined()
    expect(suspect(caps, tallyOf(reply(452), reply(452)))).toBeUndefined()
    expect(suspect(caps, tallyOf(...taken(3), reply(452), reply(452)))).toMatchObject({
      taken: 3,
      isTrial: true,
    })
  })

  it('by one session at a time of a target, and of each target', () => {
    const { caps } = learning()
    const full = tallyOf(...taken(3), reply(452), reply(452))
    expect(suspect(caps, full)).toBeDefined()
    expect(suspect(caps, full)).toBeUndefined()
    expect(caps.suspect(1, full, reply(452), false)).toBeDefined()
  })

  it('again after an answer that told nothing, as a connection that was not opened', () => {
    const { caps } = learning()
    const full = tallyOf(...taken(3), reply(452), reply(452))
    caps.settle(suspect(caps, full) as Suspicion, undefined)
    expect(suspect(caps, full)).toBeDefined()
  })

  it('after twice as many deferrals each time that a new session defers as well', () => {
    const { caps, told } = learning()
    for (const needed of [2, 4, 8, 16]) {
      const deferrals = (count: number) => Array.from({ length: count }, () => reply(451))
      expect(suspect(caps, tallyOf(...taken(5), ...deferrals(needed - 1)), reply(451))).toBeUndefined()
      const suspicion = suspect(caps, tallyOf(...taken(5), ...deferrals(needed)), reply(451))
      caps.settle(suspicion as Suspicion, false)
    }
    expect(told).toEqual([])
  })

  it('after one deferral once the cap is known, if it is as long as the cap and says the same', () => {
    const { caps, told } = learning()
    caps.settle(suspect(caps, tallyOf(...taken(3), reply(452), reply(452))) as Suspicion, true)
    expect(told).toMatchObject([{ messages: 3, sessions: 1 }])
    expect(suspect(caps, tallyOf(...taken(2), reply(452)))).toBeUndefined()
    expect(suspect(caps, tallyOf(...taken(3), reply(451)), reply(451))).toBeUndefined()
    const known = suspect(caps, tallyOf(...taken(3), reply(452)))
    expect(known).toMatchObject({ isTrial: false })
    caps.settle(known as Suspicion, true)
    expect(told.at(-1)).toMatchObject({ messages: 3, sessions: 2 })
  })

  it('at once when the reply names it', () => {
    const { caps } = learning()
    const named = reply(452, '4.5.3')
    expect(suspect(caps, tallyOf(...taken(3), named), named, true)).toMatchObject({ isTrial: false })
  })
})

describe('a cap is none', () => {
  const capOfThree = () => {
    const learned = learning()
    const full = tallyOf(...taken(3), reply(452), reply(452))
    learned.caps.settle(learned.caps.suspect(0, full, reply(452), false) as Suspicion, true)
    return learned
  }

  it('when a session takes more', () => {
    const { caps, told } = capOfThree()
    caps.noteTaken(0, tallyOf(...taken(3)))
    expect(told).toHaveLength(1)
    caps.noteTaken(0, tallyOf(...taken(4)))
    expect(told).toMatchObject([{ messages: 3 }, undefined])
  })

  it('when the next session ends after another number, of messages taken and of messages at all', () => {
    const { caps, told } = capOfThree()
    const other = tallyOf(...taken(2), reply(452), reply(452))
    caps.settle(caps.suspect(0, other, reply(452), false) as Suspicion, true)
    expect(told.at(-1)).toBeUndefined()
    const same = capOfThree()
    const alike = tallyOf(...taken(1), reply(550), reply(550), reply(452), reply(452))
    same.caps.settle(same.caps.suspect(0, alike, reply(452), false) as Suspicion, true)
    expect(same.told.at(-1)).toMatchObject({ messages: 3, sessions: 2 })
  })
})
