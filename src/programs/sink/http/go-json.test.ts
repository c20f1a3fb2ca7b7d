import { expect, test } from 'vitest'
import { decodeStruct, jsonString, textOf } from './go-json.ts'

const bytes = (...values: number[]) => String.fromCharCode(...values)

test.each([
  ['ASCII', 'abc', 'abc'],
  ['valid UTF-8', bytes(0xc3, 0xa9, 0xf0, 0x9f, 0x90, 0x97), 'é🐗'],
  ['a lone continuation byte', bytes(0x80, 0x41), '\ufffdA'],
  ['each byte of a cut character', bytes(0xe2, 0x82, 0x41), '\ufffd\ufffdA'],
  ['an overlong form', bytes(0xc0, 0xaf), '\ufffd\ufffd'],
  ['a surrogate', bytes(0xed, 0xa0, 0x80), '\ufffd\ufffd\ufffd'],
  ['what is beyond U+10FFFF', bytes(0xf4, 0x90, 0x80, 0x80), '\ufffd\ufffd\ufffd\ufffd'],
  ['good characters around a bad byte', bytes(0xc3, 0xa9, 0xff, 0xc3, 0xa9), 'é\ufffdé'],
])('decodes %s as Go does', (_, given, expected) => {
  expect(textOf(given)).toBe(expected)
})

test('makes JSON of ASCII only, with the escapes of Go, that says the same', () => {
  const text = '<a> & "b" \\ \r\n\t\u2028 é 🐗 \u007f'
  const json = jsonString(Buffer.from(text).toString('latin1'))
  expect(json).toMatch(/^[ -\x7f]+$/)
  expect(json).toContain('\\u003ca\\u003e \\u0026')
  expect(JSON.parse(json)).toBe(text)
})

const KINDS = { Name: 'string', Save: 'boolean', Chance: 'number' } as const

test.each([
  ['{}', { Name: '', Save: false, Chance: 0 }],
  ['null', { Name: '', Save: false, Chance: 0 }],
  ['{"NAME":"x","save":true,"chance":0.5,"more":[]}', { Name: 'x', Save: true, Chance: 0.5 }],
  ['{"Name":null}', { Name: '', Save: false, Chance: 0 }],
])('decodes %s', (text, expected) => {
  expect(decodeStruct(text, KINDS)).toEqual(expected)
})

test.each([undefined, '', '{', '[]', '"x"', '{"Name":1}', '{"Save":"true"}'])('refuses %j', (text) => {
  expect(decodeStruct(text, KINDS)).toBeUndefined()
})
