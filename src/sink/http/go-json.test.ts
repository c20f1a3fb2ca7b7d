import { expect, test } from 'vitest'
import { decodeStruct } from './go-json.ts'

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
