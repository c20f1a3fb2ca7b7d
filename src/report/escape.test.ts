import { expect, test } from 'vitest'
import { commandMessage, commandProperty, markdownText, oneLine } from './escape.ts'

test.for([
  ['line ends become spaces', 'a\r\nb\nc', 'a b c'],
  ['colours and cursor movements go', '\u001b[31mred\u001b[0m\u001b[2Jx', 'redx'],
  ['titles of terminals go', '\u001b]0;owned\u0007ok', 'ok'],
  ['a lone escape goes', 'a\u001b', 'a'],
  ['a terminal is not reset', 'a\u001bc b', 'a b'],
  ['C1 controls go', 'a\u009b31mb', 'ab'],
  ['text cannot be turned around', 'a\u202eb', 'a b'],
  ['old GitHub commands are broken up', 'x ##[add-mask]y', 'x ## [add-mask]y'],
])('one line: %s', ([, given, expected]) => {
  expect(oneLine(given as string)).toBe(expected)
})

test('one line: cuts what is too long and shows that it did', () => {
  expect(oneLine('abcdef', 4)).toBe('abc…')
})

test.for([
  ['pipes do not make columns', 'a|b', 'a\\|b'],
  ['HTML is text', '<img src=x onerror="y"> & co', '&lt;img src=x onerror="y"&gt; &amp; co'],
  ['backticks open no code', '`x`', '\\`x\\`'],
  ['links and images stay text', '![a](b) [c](d)', '\\!\\[a\\](b) \\[c\\](d)'],
  [
    'addresses do not become links',
    'see https://evil.example www.evil.example',
    'see https:\\//evil.example www\\.evil.example',
  ],
  ['an escape of theirs escapes nothing', '\\|', '\\\\\\|'],
])('Markdown: %s', ([, given, expected]) => {
  expect(markdownText(given as string)).toBe(expected)
})

test('a workflow command carries any text in one line', () => {
  expect(commandMessage('100 %\r\n::error::x')).toBe('100 %25%0D%0A::error::x')
  expect(commandProperty('a:b,c\n')).toBe('a%3Ab%2Cc%0A')
})
