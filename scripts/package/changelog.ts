import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const UNRELEASED = '## Unreleased\n'

/** The changelog with what was unreleased under the version that it is released as. Throws where nothing was. */
export function released(changelog: string, version: string, date: string): string {
  const [head, rest, ...more] = changelog.split(UNRELEASED)
  if (head === undefined || rest === undefined || more.length > 0)
    throw new Error('CHANGELOG.md needs exactly one "## Unreleased"')
  const [entries = ''] = rest.split('\n## ')
  if (!entries.includes('\n- ')) throw new Error('CHANGELOG.md says nothing under "## Unreleased"')
  return `${head}${UNRELEASED}\n## ${version} (${date})\n${rest}`
}

// `npm version` calls this between writing the version and committing it.
if (import.meta.main) {
  const path = join(import.meta.dirname, '../../CHANGELOG.md')
  const version = process.env.npm_package_version ?? ''
  const date = new Date().toISOString().slice(0, 10)
  writeFileSync(path, released(readFileSync(path, 'utf8'), version, date))
}
