import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { released } from './changelog.ts'
import { publishedManifest } from './manifest.ts'

describe('package.json as it is published', () => {
  const clone = {
    name: 'mailstorm',
    type: 'module',
    private: true,
    scripts: { test: 'vitest' },
    exports: { '.': './src/index.ts', './package.json': './package.json' },
    bin: { mailstorm: 'src/mailstorm.cjs' },
    devDependencies: { node: '24' },
    overrides: {},
  }

  test('leads to what was built, types first', () => {
    const { exports, bin } = publishedManifest(clone)
    expect(JSON.stringify(exports)).toBe(
      '{".":{"types":"./dist/src/index.d.ts","default":"./dist/src/index.js"},"./package.json":"./package.json"}',
    )
    expect(bin).toEqual({ mailstorm: 'dist/src/mailstorm.cjs' })
  })

  test('has nothing of how the clone is developed', () => {
    const { name, type, engines, exports: _, bin: __, ...rest } = publishedManifest(clone)
    expect({ name, type, engines }).toEqual({
      name: 'mailstorm',
      type: 'module',
      engines: { node: '>=22.12.0' },
    })
    expect(rest).toEqual({})
  })
})

describe('the changelog of a release', () => {
  test('has what was unreleased under its version and date', () => {
    expect(released('# C\n\n## Unreleased\n\n- a\n\n## 0.1.0\n', '0.2.0', '2026-01-02')).toBe(
      '# C\n\n## Unreleased\n\n## 0.2.0 (2026-01-02)\n\n- a\n\n## 0.1.0\n',
    )
  })

  test.each([
    ['says nothing', '# C\n\n## Unreleased\n\n## 0.1.0\n\n- a\n'],
    ['has no such heading', '# C\n'],
  ])('is refused where it %s', (_, changelog) => {
    expect(() => released(changelog, '0.2.0', '2026-01-02')).toThrow('Unreleased')
  })

  test('can be written from what stands there now, with what is to come', () => {
    const changelog = readFileSync(join(import.meta.dirname, '../../CHANGELOG.md'), 'utf8')
    const next = changelog.replace('## Unreleased\n', '## Unreleased\n\n- something\n')
    expect(released(next, '9.9.9', '2026-01-02')).toContain('## 9.9.9 (2026-01-02)\n\n- something\n')
  })
})
