import { expect, it } from 'vitest'
import { HELP, readOptions } from './options.ts'
import { FLOOR_BAR } from './targets.ts'

it('measures five rounds of 1 KB, 10 KB and 100 KB unless told otherwise', () => {
  const options = readOptions([])
  expect(options.rounds).toBe(5)
  expect(options.sizesBytes).toEqual([1_024, 10_240, 102_400])
  expect(options.messages(1_024)).toBe(20_000)
})

it('is five small rounds with --quick, which fails beyond a bar', () => {
  const options = readOptions(['--quick'])
  expect(options.rounds).toBe(5)
  expect(options.sizesBytes).toEqual([1_024])
  expect(options.messages(1_024)).toBe(10_000)
  expect(options.bar).toBe(FLOOR_BAR)
  expect(readOptions([]).bar).toBeUndefined()
  expect(readOptions(['--quick', '--bar', '1.5']).bar).toBe(1.5)
})

it.each(['0', '-1', 'two', '1e3', ''])('refuses %j as a bar', (bar) => {
  expect(() => readOptions([`--bar=${bar}`])).toThrow('--bar')
})

it('has each of its options in its help', () => {
  const asked = [
    '--rounds',
    '--sizes',
    '--messages',
    '--quick',
    '--bar',
    '--before',
    '--null-sink',
    '--json',
    '--help',
  ]
  for (const option of asked) expect(HELP).toContain(`  ${option}`)
})

it('lets single options win over --quick', () => {
  const options = readOptions(['--quick', '--rounds', '3', '--sizes', '2048,4096', '--messages', '50'])
  expect(options.rounds).toBe(3)
  expect(options.sizesBytes).toEqual([2_048, 4_096])
  expect(options.messages(2_048)).toBe(50)
})

it.each(['0', '-1', '1.5', 'five', ''])('refuses %j as a number of rounds', (rounds) => {
  expect(() => readOptions([`--rounds=${rounds}`])).toThrow('--rounds')
})

it('is 40 pairs of bursts of 1 KB beside a commit before', () => {
  const options = readOptions(['--before', '7af08a6'])
  expect(options).toMatchObject({ before: '7af08a6', rounds: 40, sizesBytes: [1_024] })
  expect(options.messages(1_024)).toBe(4_000)
  expect(readOptions(['--before', 'HEAD~3', '--quick']).rounds).toBe(2)
})

it('has chunks on our null sink too, and alone with --null-sink, but not with --quick', () => {
  expect(readOptions([])).toMatchObject({ onlyNullSink: false, withoutNullSink: false })
  expect(readOptions(['--quick'])).toMatchObject({ onlyNullSink: false, withoutNullSink: true })
  expect(readOptions(['--quick', '--null-sink'])).toMatchObject({
    onlyNullSink: true,
    withoutNullSink: false,
  })
})

it('takes for a commit no option of git', () => {
  expect(() => readOptions(['--before=--force'])).toThrow('is not a commit')
})
