import { expect, test } from 'vitest'
import { message, opened, read } from './attachments.fixture.ts'

test.each([
  'http://169.254.169.254/latest/meta-data',
  'http://[fe80::1]/',
  'http://[::ffff:169.254.169.254]/',
  'http://2852039166/',
  'http://0xa9.0xfe.0xa9.0xfe/',
  'http://[fd00:ec2::254]/',
  'http://0.0.0.0/',
])('reaches nothing at %s, private networks allowed or not', async (storage_path) => {
  const attachments = await opened({ httpUrlPrivate: true })
  const failed = read(attachments, message([{ filename: 'a', storage_path }]))
  await expect(failed).rejects.toMatchObject({
    message: expect.stringContaining('may not be reached'),
    final: true,
  })
})

test.each([
  'http://127.0.0.1:1/',
  'http://localhost:1/',
  'http://[::1]:1/',
  'http://10.0.0.1/',
  'http://[::ffff:10.0.0.1]/',
])('reaches nothing at %s unless private networks are allowed', async (storage_path) => {
  const failed = read(await opened(), message([{ filename: 'a', storage_path }]))
  await expect(failed).rejects.toMatchObject({
    message: expect.stringContaining('may not be reached'),
    final: true,
  })
})

test('reaches no metadata through a tenant’s own URL', async () => {
  const failed = read(
    await opened(),
    message([{ filename: 'a', storage_path: 'p' }], 'http://169.254.169.254'),
  )
  await expect(failed).rejects.toMatchObject({
    message: expect.stringContaining('may not be reached'),
    final: true,
  })
})
