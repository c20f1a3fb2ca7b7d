import { expect, test } from 'vitest'
import { runWith } from '../../results/compare.fixture.ts'
import { renderBaseline } from './baseline.ts'

test('names the backend once', () => {
  const runs = [runWith({}, { backend: { name: 'docker', why: 'asked for' } })]
  const text = renderBaseline({ name: 'main', saved_at: '2026-01-02T03:04:05Z', runs })
  expect(text).toMatch(/^Backend: +docker$/m)
})
