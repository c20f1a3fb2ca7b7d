import { expect, test } from 'vitest'

test('a unit test of the repository', () => {
  expect(1 + 1).toBe(2)
})
