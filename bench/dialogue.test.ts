import { expect, it } from 'vitest'
import { Dialogue } from './dialogue.ts'

it('answers what arrives together together, in order', () => {
  const dialogue = new Dialogue()
  expect(dialogue.answer('EHLO x\r\n')).toBe('250-delayed.example\r\n250 PIPELINING\r\n')
  expect(dialogue.answer('MAIL FROM:<a@b>\r\nRCPT TO:<a@b>\r\nDATA\r\n')).toBe(
    '250 ok\r\n250 ok\r\n354 go ahead\r\n',
  )
  expect(dialogue.answer('line\r\n.\r\nMAIL FROM:<a@b>\r\n')).toBe('250 ok\r\n250 ok\r\n')
})

it('waits for the rest of a command and of a message', () => {
  const dialogue = new Dialogue()
  expect(dialogue.answer('DA')).toBe('')
  expect(dialogue.answer('TA\r\n')).toBe('354 go ahead\r\n')
  expect(dialogue.answer('QUIT\r\n.')).toBe('')
  expect(dialogue.answer('\r\nQUIT\r\n')).toBe('250 ok\r\n221 bye\r\n')
})
