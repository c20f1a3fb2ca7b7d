import { expect, test } from 'vitest'
import { JIM_DEFAULTS, Jim, JimSwitch } from './jim.ts'

const always = (value: number) => () => value

test('disconnects more often after more bytes: one roll for each 1,024', () => {
  const stays = (bytes: number, roll: number) =>
    !new Jim({ ...JIM_DEFAULTS, DisconnectChance: 0.5 }, always(roll)).disconnectsAfter(bytes)
  expect([stays(1, 0.49), stays(1, 0.5), stays(1024, 0.49)]).toEqual([true, false, true])
  expect([stays(1025, 0.24), stays(1025, 0.25)]).toEqual([true, false])
})

test('accepts at or below its chance and rejects below it', () => {
  const jim = (roll: number) =>
    new Jim({ ...JIM_DEFAULTS, AcceptChance: 0, RejectSenderChance: 0 }, always(roll))
  expect([jim(0).accepts(), jim(0.001).accepts(), jim(0).rejectsSender()]).toEqual([true, false, false])
})

test('slows the link to eight times the configured speed, as MailHog does', () => {
  const config = { ...JIM_DEFAULTS, LinkSpeedAffect: 1, LinkSpeedMin: 100, LinkSpeedMax: 200 }
  expect(new Jim(config, always(0.5)).bytesPerSecond()).toBe(1200)
  expect(new Jim({ ...config, LinkSpeedAffect: 0.5 }, always(0.5)).bytesPerSecond()).toBeUndefined()
})

test('is there for new connections only while he is invited', () => {
  const jim = new JimSwitch({ config: JIM_DEFAULTS, invited: false })
  expect(jim.forNewConnection()).toBeUndefined()
  jim.invite()
  expect([jim.config, jim.forNewConnection()]).toEqual([JIM_DEFAULTS, expect.any(Jim)])
  jim.dismiss()
  expect(jim.config).toBeUndefined()
})
