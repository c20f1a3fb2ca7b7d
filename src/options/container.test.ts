import { expect, test } from 'vitest'
import type { Environment } from './environment.ts'
import { readEnvironment } from './options.ts'

function read<N extends keyof Environment>(name: N, text: string): Environment[N] | string {
  const { values, problems } = readEnvironment({ SMTP_IMAGE: 'boky/postfix', [name]: text })
  return problems.length === 0 ? values[name] : problems.join('\n')
}

test.for([
  ['512m', 512 * 1024 ** 2],
  ['2g', 2 * 1024 ** 3],
  ['1.5G', 1.5 * 1024 ** 3],
  ['2GiB', 2 * 1024 ** 3],
] as const)('reads %s of memory as %i bytes', ([text, bytes]) => {
  expect(read('SMTP_MEMORY', text)).toBe(bytes)
})

test.for([
  ['2', 'is not a size with its unit'],
  ['1m', 'is too small'],
  ['-1g', 'is not a size with its unit'],
])('refuses %s as memory: it %s', ([text = '', why]) => {
  expect(read('SMTP_MEMORY', text)).toContain(`SMTP_MEMORY="${text}" ${why}. Allowed: at least 6m`)
})

test('reads variables for an image, a value with a comma and an equals sign among them', () => {
  expect(read('SMTP_IMAGE_ENV', 'HOSTS=a,b, LEVEL=debug,Q=x=1,EMPTY=')).toEqual({
    HOSTS: 'a,b',
    LEVEL: 'debug',
    Q: 'x=1',
    EMPTY: '',
  })
})

test('never prints the variables of an image, since a password may be among them', () => {
  const problem = read('SMTP_IMAGE_ENV', 'secret')
  expect(problem).toContain('SMTP_IMAGE_ENV=(not shown) has a part that is not KEY=VALUE')
  expect(problem).not.toContain('"secret"')
})

test.for(['prixfixe-smtp:latest', 'boky/postfix', 'registry.test:5000/a/b:1@sha256:0123'])(
  'takes %s as an image',
  (image) => {
    expect(read('SMTP_IMAGE', image)).toBe(image)
  },
)

test.for(['two words', '-x', ':1'])('refuses %s as an image', (image) => {
  expect(read('SMTP_IMAGE', image)).toContain('is not the name of an image')
})

test.for([
  [{ SMTP_IMAGE: 'x', STRESS_BACKEND: 'embedded' }, /SMTP_IMAGE.*STRESS_BACKEND=embedded.*Unset one of them/],
  [{ SMTP_IMAGE: 'x', SMTP_TARGETS: 'localhost:25' }, /SMTP_IMAGE.*SMTP_TARGETS.*Unset one of them/],
  [{ STRESS_BACKEND: 'docker', SMTP_TARGETS: 'localhost:25' }, /STRESS_BACKEND=docker boots servers/],
  [{ SMTP_IMAGE_PORT: '25' }, /SMTP_IMAGE_PORT is set without SMTP_IMAGE/],
  [{ SMTP_IMAGE_ENV: 'A=1' }, /SMTP_IMAGE_ENV is set without SMTP_IMAGE/],
] as const)('finds the contradiction in %o', ([env, message]) => {
  expect(readEnvironment(env).problems).toEqual([expect.stringMatching(message)])
})
