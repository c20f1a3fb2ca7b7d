import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { fillOf, isFixed, type Pattern, readPattern, samplesOf, variety } from './pattern.ts'
import { filled } from './pick-table.ts'

const folder = mkdtempSync(join(tmpdir(), 'mailstorm-pattern-'))
afterAll(() => rmSync(folder, { recursive: true }))

function csv(text: string): string {
  const path = join(folder, `${Math.abs(hash(text))}.csv`)
  writeFileSync(path, text)
  return path
}

const hash = (text: string) => [...text].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) | 0, 7)

function patternOf(text: string): Pattern {
  const read = readPattern(text)
  if ('wrong' in read) throw new Error(read.wrong)
  return read.value
}

function texts(text: string, count: number, index = 0): string[] {
  const fill = fillOf(filled(patternOf(text)))
  return Array.from({ length: count }, (_, message) => fill({ seed: 5, stream: 64, message, index }))
}

describe('readPattern', () => {
  it.each([
    ['a@b.test', ['a@b.test']],
    ['user{1..20}@b.test', ['user', { kind: 'range', from: 1, to: 20 }, '@b.test']],
    ['{seq}{uuid}', [{ kind: 'seq' }, { kind: 'uuid' }]],
    ['{pick:C:\\x.csv:mail}', [{ kind: 'pick', file: 'C:\\x.csv', column: 'mail' }]],
    ['a{{b}}', ['a{b}']],
  ])('of %j is %j', (text, pieces) => {
    expect(patternOf(text).pieces).toEqual(pieces)
  })

  it.each([
    ['a{', 'has a { without its other half'],
    ['a}b', 'has a } without its other half'],
    ['{2..1}', 'has {2..1}, which ends before it begins'],
    ['{1..2000000000}', 'has {1..2000000000}, which is more than 1,000,000,000 numbers'],
    [
      '{sequ}',
      'has {sequ}, which is none of {1..10000}, {seq}, {uuid} or {pick:file.csv:column}; is {seq} meant?',
    ],
    ['{pick:users.csv}', 'has {pick:users.csv}, which names no column: {pick:file.csv:column}'],
  ])('of %j %s', (text, wrong) => {
    expect(readPattern(text)).toEqual({ wrong })
  })
})

describe('a pattern', () => {
  it('has numbers of its range, all of them about as often, and the message number', () => {
    const drawn = texts('{1..4}', 8_000)
    for (const number of ['1', '2', '3', '4']) {
      expect(drawn.filter((one) => one === number).length / drawn.length).toBeCloseTo(0.25, 1)
    }
    expect(texts('m{seq}', 3)).toEqual(['m0', 'm1', 'm2'])
    expect(isFixed(patternOf('m{seq}'))).toBe(false)
  })

  it('has UUIDs of which no two are equal', () => {
    const all = [...texts('{uuid}', 5_000), ...texts('{uuid}', 5_000, 1)]
    expect(new Set(all).size).toBe(10_000)
    expect(
      all.every((one) => /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/.test(one)),
    ).toBe(true)
  })

  it('picks the columns of one row together, with quotes and a byte order mark as they are meant', () => {
    const file = csv('\ufeffname,domain\r\n"o""neil, j",a.test\r\nb,b.test\r\nb,b.test\r\n')
    const seen = new Set(texts(`{pick:${file}:name}@{pick:${file}:domain}`, 200))
    expect(seen).toEqual(new Set(['o"neil, j@a.test', 'b@b.test']))
    expect(variety(filled(patternOf(`{pick:${file}:name}`)))).toBe(2)
  })

  it('names the columns that there are where it names one that there is not', () => {
    const file = csv('email,name\na@b.test,a\n')
    expect(() => filled(patternOf(`{pick:${file}:mail}`))).toThrow(
      `in ${file}: there is no column mail; it has email, name.`,
    )
  })

  it('differs with each index of a message until all that there is was used', () => {
    const ranges = fc.tuple(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 1, max: 60 }))
    fc.assert(
      fc.property(ranges, fc.nat(), fc.integer(), ([from, count], message, seed) => {
        const fill = fillOf(filled(patternOf(`{${from}..${from + count - 1}}`)))
        const all = Array.from({ length: count }, (_, index) => fill({ seed, stream: 64, message, index }))
        expect(new Set(all).size).toBe(count)
      }),
    )
  })

  it('has samples of its shortest, its longest, and all of its rows', () => {
    const file = csv('user\na\nbb\nccc\n')
    expect([...samplesOf(filled(patternOf(`{pick:${file}:user}{9..10}`)))]).toEqual([
      'a9',
      'a10',
      'bb10',
      'ccc10',
    ])
  })
})
