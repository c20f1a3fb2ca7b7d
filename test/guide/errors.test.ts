import { expect, test } from 'vitest'
import { GUIDE, sources } from './guide.ts'

/** Where settingsError is defined: its callers name the code. */
const SETTINGS = 'src/options/settings.ts'

const thrown = sources('src', 'containers', 'fixtures', 'reporters', 'deploy')
  .filter(({ file }) => file !== SETTINGS)
  .flatMap(({ file, text }) => {
    const codes = [...text.matchAll(/(?:new MailstormError|settingsError)\(\s*([^,)]*)/g)].map(
      ([, code = '']) => code.trim(),
    )
    // A function of the file that makes its errors is given the code, literally, in that file.
    const given = codes.includes('code')
      ? [...text.matchAll(/'[A-Z]+(?:_[A-Z0-9]+)+'/g)].map(([code]) => code)
      : []
    return [...codes.filter((code) => code !== 'code' || given.length === 0), ...given].map((code) => ({
      file,
      code,
    }))
  })

test('every error has a code that can be looked for', () => {
  const others = thrown.filter(({ code }) => !/^'[A-Z][A-Z_0-9]+'$/.test(code))
  expect(others).toEqual([])
  expect(thrown.length).toBeGreaterThan(50)
})

test('every error has its row in the troubleshooting of the guide, and every row its error', () => {
  const codes = new Set(thrown.map(({ code }) => code.replaceAll("'", '')))
  const rows = [...GUIDE.matchAll(/^\| .*\(`([A-Z_0-9]+)`\) \| [^|]+ \| [^|]+ \|$/gm)].map(([, code]) => code)
  expect(rows.toSorted()).toEqual([...codes].toSorted())
})
