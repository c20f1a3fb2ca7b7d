import { expect, it } from 'vitest'
import { FakeClock } from '../engine/clock.fixture.ts'
import { Deadline } from './deadline.ts'

function started() {
  const clock = new FakeClock(1_000)
  const passedAtMs: number[] = []
  return { clock, passedAtMs, deadline: new Deadline(clock, () => passedAtMs.push(clock.nowMs())) }
}

it('passes once, when the time that was set last is over', async () => {
  const { clock, passedAtMs, deadline } = started()
  deadline.set(100)
  await clock.advanceTo(1_060)
  deadline.set(100)
  await clock.advanceTo(1_500)
  expect(passedAtMs).toEqual([1_160])
})

it('passes earlier when a shorter time is set', async () => {
  const { clock, passedAtMs, deadline } = started()
  deadline.set(100)
  deadline.set(20)
  await clock.advanceTo(1_500)
  expect(passedAtMs).toEqual([1_020])
})

it('keeps one timer, however often it is set', () => {
  const { clock, deadline } = started()
  for (const timeoutMs of [100, 50, 80, 10]) deadline.set(timeoutMs)
  expect(clock.armed).toBe(1)
})

it('does not pass once lifted, until it is set again', async () => {
  const { clock, passedAtMs, deadline } = started()
  deadline.set(100)
  deadline.lift()
  await clock.advanceTo(1_500)
  expect([passedAtMs, clock.armed]).toEqual([[], 0])
  deadline.set(100)
  await clock.advanceTo(2_000)
  expect(passedAtMs).toEqual([1_600])
})

it('never passes after its end, whatever is set, and leaves no timer', async () => {
  const { clock, passedAtMs, deadline } = started()
  deadline.set(100)
  deadline.end()
  deadline.set(50)
  expect(clock.armed).toBe(0)
  await clock.advanceTo(1_500)
  expect([passedAtMs, clock.armed]).toEqual([[], 0])
})
