import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { runVitest } from '../vitest-child.ts'

test('a test that lets a request out fails, whichever client it has and whatever it catches', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mailstorm-no-way-out-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const report = join(folder, 'report.json')
  const { exitCode } = await runVitest({
    config: 'test/fixture-projects/no-way-out/vitest.config.ts',
    args: ['--reporter=json', `--outputFile=${report}`],
  })
  expect(exitCode).toBe(1)
  const { testResults } = JSON.parse(await readFile(report, 'utf8')) as {
    testResults: { assertionResults: { title: string; status: string; failureMessages: string[] }[] }[]
  }
  const ends = testResults.flatMap(({ assertionResults }) =>
    assertionResults.map(({ title, status, failureMessages: [why = ''] }) => [
      title,
      status,
      /this one tried (.*)\./.exec(why)?.[1],
    ]),
  )
  expect(ends).toEqual([
    ['fetch', 'failed', '255.255.255.255:8025'],
    ['request of undici', 'failed', '255.255.255.255:8025'],
    ['what no handler of msw is for', 'failed', '255.255.255.255:8025'],
    ['a name that is looked up', 'failed', 'nobody.invalid:80'],
    ['this machine', 'passed', undefined],
  ])
})
