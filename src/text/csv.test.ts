import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readCsv } from './csv.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mailstorm-csv-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function read(text: string | Buffer, columns = ['user', 'pass']) {
  const path = join(folder, 'people.csv')
  writeFileSync(path, text)
  return readCsv(path, { what: 'the accounts', columns })
}

describe('a CSV file', () => {
  const people = [
    { user: 'ann', pass: 'a,b' },
    { user: 'bob', pass: 'say "hi"\n' },
  ]

  it.each([
    [
      'as spreadsheets write it, with a byte order mark',
      '\ufeffuser,pass\r\nann,"a,b"\r\nbob,"say ""hi""\n"\r\n',
    ],
    ['with semicolons', 'user;pass\nann;a,b\nbob;"say ""hi""\n"\n'],
    ['with tabs and an empty line', 'user\tpass\nann\ta,b\n\nbob\t"say ""hi""\n"'],
    ['with names in quotes and spaces around them', '"user", pass\nann,"a,b"\nbob,"say ""hi""\n"'],
  ])('is read %s', (_how, text) => {
    expect(read(text).rows).toEqual(people)
  })

  it('keeps every value as it is, whatever it is', () => {
    const value = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0'))
    fc.assert(
      fc.property(fc.array(fc.tuple(value, value), { minLength: 1 }), (rows) => {
        const quoted = rows.map((row) => row.map((one) => `"${one.replaceAll('"', '""')}"`).join(','))
        const table = read(`user,pass\n${quoted.join('\n')}\n`)
        expect(table.rows.map(({ user, pass }) => [user, pass])).toEqual(rows)
      }),
      { numRuns: 100 },
    )
  })

  it.each([
    ['', /it is empty/],
    ['user,pass\n', /no line below the names of its columns/],
    ['name,password\nann,x\n', /there is no column user; it has name, password/],
    ['users,pass\nann,x\n', /Is users meant\?/],
    ['user\nann\n', /there is no column pass; its only column is user/],
    ['user,pass,user\na,b,c\n', /two of its columns are named "user"/],
    ['user,pass\nann,secret,more\n', /line 2 has more or fewer values/],
    ['user,pass\nann,"secret\n', /its quotes are wrong in line/],
    ['user,pass\nann,sec"ret\n', /its quotes are wrong in line 2/],
    [Buffer.from('user,pass\nann,x\n', 'utf16le'), /it is not UTF-8 text/],
  ])('that begins with %j gets one clear message', (text, message) => {
    expect(() => read(text)).toThrow(message)
    expect(() => read(text)).toThrow(/^Failed to read the accounts in .*people\.csv: /)
    expect(() => read(text)).not.toThrow(/sec/)
  })

  it('that is not there is named', () => {
    expect(() => readCsv(join(folder, 'none.csv'), { what: 'the accounts', columns: [] })).toThrow(
      /none\.csv: no such file\./,
    )
  })
})
