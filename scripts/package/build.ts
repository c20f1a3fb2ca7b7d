import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { rolldown } from 'rolldown'
import ts from 'typescript'

const PROJECT = 'tsconfig.build.json'

/** What stands beside the sources and is read at run time. */
const ASSETS = [
  '{src,containers}/**/*.{css,html,cjs}',
  'src/**/browser/*.js',
  'containers/**/Dockerfile*',
  'deploy/monitoring/**/*.{yml,yaml,json}',
]

/** What is JavaScript in the package, and which Node runs it. */
const REPLACED: readonly (readonly [file: string, from: string, to: string])[] = [
  ['containers/Dockerfile.smtp-server', 'main.ts"', 'main.js"'],
  ['containers/Dockerfile.sink', 'main.ts"', 'main.js"'],
  ['src/mailstorm.cjs', "'./cli.ts'", "'./cli.js'"],
  ['src/mailstorm.cjs', "NEEDED = '24.0'", "NEEDED = '22.12'"],
  [
    'src/mailstorm.cjs',
    'Start it as "npx mailstorm …" in its folder: npm install has put the right Node there.',
    'Install it from https://nodejs.org, or with a version manager such as nvm.',
  ],
]

/** Inlined: each brings far more than it gives. See docs/decisions/022-package.md. */
const INLINED: readonly { readonly module: string; readonly packages: readonly string[] }[] = [
  { module: 'containers/certificate.js', packages: ['selfsigned'] },
  { module: 'src/results/log-archive.js', packages: ['tar-stream'] },
  { module: 'src/report/prometheus.js', packages: ['prom-client'] },
  { module: 'src/programs/proxy/metrics.js', packages: ['prom-client'] },
  { module: 'src/programs/proxy/attachments/tiers.js', packages: ['lru-cache'] },
]

/**
 * Builds `dist/`: the sources' own tree as JavaScript with declarations, so that a path from one module to another,
 * be it an import, a thread or a program, is in the package what it is in the clone.
 */
export async function build(root: string): Promise<void> {
  const dist = join(root, 'dist')
  rmSync(dist, { recursive: true, force: true })
  emitDeclarations(root, dist)
  emitScripts(root)
  for (const path of globSync(ASSETS, { cwd: root })) copyAsset(root, path)
  for (const path of globSync('**/*.js', { cwd: dist })) rewriteAddresses(dist, path)
  await inlinePackages(root)
}

/** Of the doors, and of what they lead to: nobody can import the others. */
export function emitDeclarations(root: string, dist: string): void {
  const tsc = join(root, 'node_modules/typescript7/bin/tsc')
  execFileSync(
    process.execPath,
    [tsc, '-p', join(root, PROJECT), '--emitDeclarationOnly', '--outDir', dist],
    {
      cwd: root,
      stdio: 'inherit',
    },
  )
  const doors = Object.values(manifestOf(root).exports).filter((path) => path.endsWith('.ts'))
  const needed = new Set<string>()
  const wanted = doors.map((path) => normalize(path.replace(/\.ts$/, '.d.ts')))
  for (let path = wanted.pop(); path !== undefined; path = wanted.pop()) {
    if (needed.has(path)) continue
    needed.add(path)
    // tsc leaves `.ts` there, which not every resolution follows under node_modules.
    const rewritten = outsideComments(readFileSync(join(dist, path), 'utf8'), (line) =>
      line.replaceAll(SPECIFIER, (_, before: string, specifier: string, quote: string) => {
        wanted.push(normalize(join(dirname(path), `${specifier}.d.ts`)))
        return `${before}${specifier}.js${quote}`
      }),
    )
    writeFileSync(join(dist, path), rewritten)
  }
  for (const path of globSync('**/*.d.ts', { cwd: dist }))
    if (!needed.has(normalize(path))) rmSync(join(dist, path))
}

/** Examples in doc comments name files of those who read them. */
function outsideComments(text: string, map: (line: string) => string): string {
  return text
    .split('\n')
    .map((line) => (/^\s*\*/.test(line) ? line : map(line)))
    .join('\n')
}

/** A module of ours in a declaration: `from './x.ts'`, `import './x.ts'`, `import('./x.ts')`. */
const SPECIFIER = /((?:from|import)\s*\(?\s*['"])(\.[^'"]*)\.ts(['"])/g

/** One by one: tsc 7 has checked them, and does not leave out their comments, which stand in the declarations. */
function emitScripts(root: string): void {
  const { options, fileNames } = readProject(root)
  const compilerOptions = {
    ...options,
    declaration: false,
    removeComments: true,
    // Of a single file it does not know that package.json calls it an ES module.
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
  }
  for (const fileName of fileNames) {
    const { outputText } = ts.transpileModule(readFileSync(fileName, 'utf8'), { fileName, compilerOptions })
    const target = join(root, 'dist', relative(root, fileName).replace(/\.ts$/, '.js'))
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, outputText)
  }
}

function readProject(root: string): ts.ParsedCommandLine {
  const { config, error } = ts.readConfigFile(join(root, PROJECT), ts.sys.readFile)
  if (error !== undefined)
    throw new Error(`${PROJECT}: ${ts.flattenDiagnosticMessageText(error.messageText, ' ')}`)
  return ts.parseJsonConfigFileContent(config, ts.sys, root)
}

function copyAsset(root: string, path: string): void {
  const target = join(root, 'dist', path)
  mkdirSync(dirname(target), { recursive: true })
  copyFileSync(join(root, path), target)
  for (const [file, from, to] of REPLACED) {
    if (file !== path) continue
    const text = readFileSync(target, 'utf8')
    if (!text.includes(from)) throw new Error(`${path} no longer has ${from}`)
    writeFileSync(target, text.replace(from, to))
  }
}

/** `new URL('./worker.ts', import.meta.url)`: TypeScript rewrites what is imported, not what is named as a file. */
const ADDRESS = /new URL\((['"])([^'"]+)\.ts\1, import\.meta\.url\)/g
/** What must not be left: a TypeScript file that is named beside the address of a module. */
const LEFT = /\.ts['"`].*import\.meta|import\.meta.*\.ts['"`]/
/** A text that a person reads. */
const TEXT = /"[^"]*"/g

function rewriteAddresses(dist: string, path: string): void {
  const file = join(dist, path)
  const lines = readFileSync(file, 'utf8').split('\n')
  const rewritten = lines.map((line) =>
    line.replaceAll(ADDRESS, (whole, quote: string, module: string, at: number) => {
      if (line.slice(0, at).split('"').length % 2 === 0) return whole
      const target = normalize(join(dirname(path), `${module}.js`))
      if (!existsSync(join(dist, target))) throw new Error(`${path} names ${target}, which was not built`)
      return `new URL(${quote}${module}.js${quote}, import.meta.url)`
    }),
  )
  const left = rewritten.find((line) => LEFT.test(line.replaceAll(TEXT, '')))
  if (left !== undefined)
    throw new Error(`dist/${path} names a TypeScript file in a form that is not known: ${left}`)
  writeFileSync(file, rewritten.join('\n'))
}

async function inlinePackages(root: string): Promise<void> {
  const dependencies = Object.keys(manifestOf(root).dependencies)
  const folders = new Set<string>()
  for (const { module, packages } of INLINED) {
    const twice = packages.filter((name) => dependencies.includes(name))
    if (twice.length > 0)
      throw new Error(`${twice.join(', ')} would be a dependency and inlined in ${module}`)
    const file = join(root, 'dist', module)
    const bundle = await rolldown({
      input: file,
      platform: 'node',
      external: (id, importer) => (id.startsWith('.') && importer === file) || dependencies.includes(id),
    })
    const { output } = await bundle.write({ file, format: 'esm', minify: true, codeSplitting: false })
    await bundle.close()
    for (const chunk of output) {
      if (chunk.type !== 'chunk') continue
      for (const id of chunk.moduleIds) {
        const folder = /^.*[/\\]node_modules[/\\](?:@[^/\\]+[/\\])?[^/\\]+/.exec(id)?.[0]
        if (folder !== undefined) folders.add(folder)
      }
    }
  }
  writeFileSync(join(root, 'dist/THIRD-PARTY.txt'), licencesOf([...folders].toSorted()))
}

function licencesOf(folders: readonly string[]): string {
  const texts = folders.map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    const [file] = globSync('{LICEN[CS]E,licen[cs]e}*', { cwd: folder })
    const text = file === undefined ? '' : `\n\n${readFileSync(join(folder, file), 'utf8').trim()}`
    return `${name} ${version} (${license})${text}`
  })
  return `Parts of these packages are within this one.\n\n${texts.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`
}

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<string, string>>
}

function manifestOf(root: string): Manifest {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
}
