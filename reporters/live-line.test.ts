import { PassThrough } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { LiveLine } from './live-line.ts'
import { Screen } from './screen.fixture.ts'

test('draws over itself in place', () => {
  const screen = new Screen({ isTTY: true, columns: 80 })
  const line = new LiveLine(screen.stream)
  line.show(() => '1/9')
  line.show(() => '2/9')
  expect(screen.rows).toEqual(['2/9'])
})

test('tells its renderer the columns it may use, one less than there are', () => {
  const screen = new Screen({ isTTY: true, columns: 42 })
  new LiveLine(screen.stream).show(String)
  expect(screen.rows).toEqual(['41'])
})

test('what others write goes above the line, on either stream', async () => {
  const screen = new Screen({ isTTY: true })
  const other = Object.assign(new PassThrough(), { isTTY: true })
  other.write = screen.stream.write // the same terminal behind both
  const line = new LiveLine(screen.stream, [other])
  line.show(() => 'live')
  screen.stream.write('one\n')
  other.write(Buffer.from('two\n'))
  screen.stream.write('three\n')
  await turn()
  expect(screen.rows).toEqual(['one', 'two', 'three', 'live'])
})

test('waits until a line that others have begun is ended', async () => {
  const screen = new Screen({ isTTY: true })
  const line = new LiveLine(screen.stream)
  line.show(() => 'live')
  screen.stream.write('question? ')
  await turn()
  line.show(() => 'live 2')
  expect(screen.rows).toEqual(['question? '])
  screen.stream.write('answer\n')
  await turn()
  expect(screen.rows).toEqual(['question? answer', 'live 2'])
})

test('leaves nothing behind when it stops, and gives the streams back', async () => {
  const screen = new Screen({ isTTY: true })
  const write = screen.stream.write
  const line = new LiveLine(screen.stream)
  line.show(() => 'live')
  screen.stream.write('one\n')
  line.stop()
  await turn()
  expect(screen.rows).toEqual(['one', ''])
  expect(screen.stream.write).toBe(write)
})

test('does not touch a stream that is no terminal, such as stderr sent to a file', () => {
  const screen = new Screen({ isTTY: true })
  const file = new Screen({ isTTY: false })
  const write = file.stream.write
  const line = new LiveLine(screen.stream, [file.stream])
  line.show(() => 'live')
  file.stream.write('error\n')
  expect(file.stream.write).toBe(write)
  expect(file.rows).toEqual(['error', ''])
  expect(screen.rows).toEqual(['live'])
})
