import { expect, test } from 'vitest'
import { sinkFor } from './sink.ts'

const MEGABYTE = 1024 ** 2

test('the real MailHog is refused messages above 1 MB before anything is booted, and the alternative is named', () => {
  const choice = { backend: 'docker', sink: 'mailhog', largestMessageBytes: 10 * MEGABYTE } as const
  expect(() => sinkFor(choice)).toThrow(/messages of up to 10\.0 MB[\s\S]*SINK=mailstorm/)
  expect(() => sinkFor({ ...choice, largestMessageBytes: MEGABYTE })).not.toThrow()
  expect(() => sinkFor({ ...choice, sink: 'mailstorm' })).not.toThrow()
  expect(() => sinkFor({ ...choice, backend: 'embedded' })).not.toThrow()
})
