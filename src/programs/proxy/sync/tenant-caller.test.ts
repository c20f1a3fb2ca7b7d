import { expect, test } from 'vitest'
import { readReply } from './tenant-caller.ts'

test('reads the fields of both dialects', () => {
  const text = '{"ok":true,"processed":3,"queued":7,"next_sync_after":1800000000.5,"messages":[{"id":"m"}]}'
  expect(readReply(text, 1_799_999_000)).toEqual({
    queued: 7,
    nextSyncAfterTs: 1_800_000_000.5,
    messages: [{ id: 'm' }],
    oddities: [],
  })
})

test('takes an answer that says nothing for an acknowledgement', () => {
  expect(readReply('{}')).toEqual({ queued: 0, nextSyncAfterTs: undefined, messages: [], oddities: [] })
})

test("cuts a tenant's text between characters, and cleans it", () => {
  const said = (text: string) => {
    try {
      return readReply(text).oddities.join()
    } catch (error) {
      return (error as Error).message
    }
  }
  const pairs = '🦄'.repeat(300)
  for (const text of [
    `x${pairs}`,
    `{"ok":false,"error":"${pairs}"}`,
    `{"queued":"x${pairs}"}`,
    'bad\u202etext',
  ])
    expect([said(text).isWellFormed(), said(text).includes('\u202e')], text.slice(0, 20)).toEqual([
      true,
      false,
    ])
})

test('takes 0 for no time', () => {
  expect(readReply('{"next_sync_after":0}').nextSyncAfterTs).toBeUndefined()
})

test('ignores fields of the wrong kind, and says so', () => {
  expect(readReply('{"queued":"2","next_sync_after":-1,"messages":{}}')).toEqual({
    queued: 0,
    nextSyncAfterTs: undefined,
    messages: [],
    oddities: ['next_sync_after is -1', 'queued is "2"', 'messages is {}'],
  })
})

test('ignores a time in milliseconds, and says so', () => {
  const nowTs = 1_800_000_000
  const read = (next: number) => readReply(`{"next_sync_after":${next}}`, nowTs)
  expect(read(1_800_000_300_000)).toMatchObject({
    nextSyncAfterTs: undefined,
    oddities: ['next_sync_after is 1800000300000'],
  })
  expect(read(nowTs + 366 * 86_400)).toMatchObject({ nextSyncAfterTs: nowTs + 366 * 86_400, oddities: [] })
  expect(read(nowTs + 366 * 86_400 + 1)).toMatchObject({ nextSyncAfterTs: undefined })
})

test.each([
  ['<html>', 'not_json'],
  ['', 'not_json'],
  ['[]', 'not_json'],
  ['null', 'not_json'],
  ['{"ok":false,"error":"busy"}', 'not_ok'],
])('does not take %j for an acknowledgement', (text, reason) => {
  expect(() => readReply(text)).toThrow(expect.objectContaining({ reason }))
})
