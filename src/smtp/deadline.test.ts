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

it('shares its timer with all others of the clock, each of which passes at its own time', async () => {
  const clock = new FakeClock(1_000)
  const passed: string[] = []
  const deadlineOf = (name: string) => new Deadline(clock, () => passed.push(`${name} at ${clock.nowMs()}`))
  const [first, second, third, idle] = ['first', 'second', 'third', 'idle'].map(deadlineOf) as Deadline[]
  first?.set(100)
  second?.set(40)
  third?.set(100)
  idle?.set(30)
  idle?.lift()
  expect(clock.armed).toBe(1)
  await clock.advanceTo(1_060)
  first?.set(200)
  expect([passed, clock.armed]).toEqual([['second at 1040'], 1])
  await clock.advanceTo(1_500)
  expect([passed, clock.armed]).toEqual([['second at 1040', 'third at 1100', 'first at 1260'], 0])
})

it('lets one that passes set and end others', async () => {
  const clock = new FakeClock(1_000)
  const passed: string[] = []
  const [ended, later] = ['ended', 'later'].map((name) => new Deadline(clock, () => passed.push(name)))
  const other = new Deadline(clock, () => {
    ended?.end()
    later?.set(50)
    passed.push('other')
  })
  other.set(10)
  ended?.set(10)
  later?.set(10)
  await clock.advanceTo(1_059)
  expect(passed).toEqual(['other'])
  await clock.advanceTo(1_060)
  expect([passed, clock.armed]).toEqual([['other', 'later'], 0])
})

it('leaves no timer when the last of them has ended', () => {
  const clock = new FakeClock(1_000)
  const [one, other] = [new Deadline(clock, () => {}), new Deadline(clock, () => {})]
  one.set(100)
  other.set(100)
  one.end()
  expect(clock.armed).toBe(1)
  other.end()
  expect(clock.armed).toBe(0)
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
