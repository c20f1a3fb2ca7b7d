import { expect, test } from 'vitest'
import { type Measured, type MutationReport, withScores } from './mutation-scores.ts'

const reportOf = (file: string, ...statuses: string[]): MutationReport => ({
  files: { [file]: { mutants: statuses.map((status) => ({ status })) } },
})

const on = (date: string, report: MutationReport): Measured => ({ report, date, exists: () => true })

const EMPTY = 'Scores:\n\n<!-- mutation scores: begin -->\n<!-- mutation scores: end -->\n\nAfter.\n'

test('has a row for each file: what ran into the time limit is killed, what Stryker left out does not count', () => {
  const report = reportOf(
    'src/a.ts',
    'Killed',
    'Timeout',
    'Survived',
    'NoCoverage',
    'Ignored',
    'CompileError',
  )
  expect(withScores(EMPTY, on('2026-11-30', report))).toBe(
    [
      'Scores:\n',
      '<!-- mutation scores: begin -->',
      '| file | mutants | killed | score | measured |',
      '|---|---|---|---|---|',
      '| `src/a.ts` | 4 | 2 | 50.0 % | 2026-11-30 |',
      '| all of these | 4 | 2 | 50.0 % | |',
      '<!-- mutation scores: end -->\n',
      'After.\n',
    ].join('\n'),
  )
})

test('replaces the rows of the files that were measured again, and keeps all others but those of files that are gone', () => {
  const both = withScores(
    withScores(EMPTY, on('2026-11-01', reportOf('src/b.ts', 'Killed', 'Survived'))),
    on('2026-11-02', reportOf('src/a.ts', 'Killed')),
  )
  const again = withScores(both, on('2026-11-03', reportOf('src/b.ts', 'Killed', 'Killed')))
  expect(again.split('\n').filter((line) => line.startsWith('| `') || line.startsWith('| all'))).toEqual([
    '| `src/a.ts` | 1 | 1 | 100.0 % | 2026-11-02 |',
    '| `src/b.ts` | 2 | 2 | 100.0 % | 2026-11-03 |',
    '| all of these | 3 | 3 | 100.0 % | |',
  ])
  const gone = {
    ...on('2026-11-03', reportOf('src/b.ts', 'Killed')),
    exists: (file: string) => file !== 'src/a.ts',
  }
  expect(withScores(both, gone)).not.toContain('src/a.ts')
})

test('has no row of a file without mutants, and refuses a page without a place for the table', () => {
  expect(withScores(EMPTY, on('2026-11-30', reportOf('src/types.ts', 'Ignored')))).not.toContain(
    'src/types.ts',
  )
  expect(() => withScores('Nothing here.', on('2026-11-30', reportOf('src/a.ts', 'Killed')))).toThrow(
    'Failed to find "<!-- mutation scores: begin -->"',
  )
})
