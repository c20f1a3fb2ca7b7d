import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor'
import { Application, type TypeDocOptions } from 'typedoc'
import type { PluginOptions } from 'typedoc-plugin-markdown'
import { emitDeclarations } from './build.ts'

/** The doors of the package: what is imported, and the module behind it. */
const DOORS = [
  { name: 'mailstorm', path: 'src/index' },
  { name: 'mailstorm/vitest', path: 'src/vitest' },
  { name: 'mailstorm/reporters', path: 'reporters/index' },
  { name: 'mailstorm/engine', path: 'src/engine' },
] as const

/** Names of the report files, by door. */
export function reportName(door: string): string {
  return `${door.replace('mailstorm/', '').replaceAll('/', '-')}.api.md`
}

/**
 * What each door exports, with all types that these lead to, without comments: a change in it is a change for those who use
 * the package. By the name of the file.
 */
export function apiReports(root: string): ReadonlyMap<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'mailstorm-api-'))
  try {
    emitDeclarations(root, join(folder, 'dist'))
    mkdirSync(join(folder, 'report'))
    for (const { name, path } of DOORS) extract(root, folder, name, path)
    const files = readdirSync(join(folder, 'report'))
    return new Map(files.map((file) => [file, readFileSync(join(folder, 'report', file), 'utf8')]))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function extract(root: string, folder: string, door: string, path: string): void {
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: join(folder, 'dist', `${path}.d.ts`),
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            target: 'es2022',
            lib: ['es2023', 'esnext.disposable'],
            module: 'nodenext',
            moduleResolution: 'nodenext',
            types: ['node'],
            typeRoots: [join(root, 'node_modules/@types')],
            skipLibCheck: true,
          },
          files: [join(folder, 'dist', `${path}.d.ts`)],
        },
      },
      apiReport: {
        enabled: true,
        includeForgottenExports: true,
        reportFileName: reportName(door),
        reportFolder: join(folder, 'report'),
        reportTempFolder: join(folder, 'temp'),
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: 'lf',
      messages: {
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
        extractorMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(root, 'package.json'),
  })
  Extractor.invoke(config, {
    localBuild: true,
    messageCallback: (message) => {
      message.handled = true
    },
  })
}

/** The reference of all doors as one page. */
export async function apiPage(root: string): Promise<string> {
  const out = mkdtempSync(join(tmpdir(), 'mailstorm-docs-'))
  try {
    const options: Partial<TypeDocOptions & PluginOptions> = {
      entryPoints: DOORS.map(({ path }) => join(root, `${path}.ts`)),
      tsconfig: join(root, 'tsconfig.build.json'),
      plugin: ['typedoc-plugin-markdown'],
      outputFileStrategy: 'modules',
      readme: 'none',
      disableSources: true,
      excludeInternal: true,
      excludePrivate: true,
      excludeProtected: true,
      excludeExternals: true,
      hideBreadcrumbs: true,
      hidePageHeader: true,
      hidePageTitle: true,
      useCodeBlocks: true,
      parametersFormat: 'table',
      interfacePropertiesFormat: 'table',
      classPropertiesFormat: 'table',
      typeDeclarationFormat: 'table',
      tableColumnSettings: {
        hideInherited: true,
        hideModifiers: true,
        hideOverrides: true,
        hideSources: true,
      },
      logLevel: 'Error',
      skipErrorChecking: true,
      out,
    }
    const app = await Application.bootstrapWithPlugins(options)
    const project = await app.convert()
    if (project === undefined) throw new Error('TypeDoc could not read the doors')
    await app.generateOutputs(project)
    return asOnePage(out)
  } finally {
    rmSync(out, { recursive: true, force: true })
  }
}

const HEAD = `# API

Everything that the package exports, by import path. Generated from the doc comments by \`npm run docs\`; [docs/api](api) shows
every change of it in review.
`

function asOnePage(out: string): string {
  const files = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.md'))
  const sections = DOORS.map(({ name, path }) => {
    // TypeDoc names a page by its entry point: an index by its folder.
    const page = `${path.replace(/\/index$/, '')}.md`
    const file = files.find((candidate) => candidate.replaceAll('\\', '/') === page)
    if (file === undefined) throw new Error(`TypeDoc wrote no page of ${name}: ${files.join(', ')}`)
    const text = readFileSync(join(out, file), 'utf8')
    // One page: what was another file is another heading.
    return `## ${name}\n\n${tidy(text)
      .replaceAll(/\]\((?:\.\.\/)*[\w./-]+\.md(#[\w-]+)?\)/g, (_, anchor = '') => `](${anchor || '#api'})`)
      .replaceAll(/^#/gm, '##')}`
  })
  return `${HEAD}\n${sections.join('\n').trim()}\n`
}

/** Leaves out what says nothing, and the hooks of reporters, which Vitest's documentation describes. */
function tidy(text: string): string {
  return text
    .replaceAll('| `undefined` |', '| |')
    .replaceAll(/^#+ Overrides\n\n`Error\.constructor`\n\n/gm, '')
    .replaceAll(/^#+ Returns\n\n`void`\n\n/gm, '')
    .replaceAll(/^#+ Implements\n\n- `Reporter`\n\n([\s\S]*?)(?=^\*\*\*$|^## )/gm, (_, rest: string) =>
      rest.replace(/^#+ Methods\n[\s\S]*/m, ''),
    )
}
