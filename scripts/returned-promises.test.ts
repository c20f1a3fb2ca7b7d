import { join, relative } from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '..')
const LIMIT_MS = 60_000

/**
 * `return work(thing)` behind `await using thing` disposes of the thing while the work still uses it, and in a `try` no
 * longer catches what it throws: it wants `return await`.
 */
test('no promise is returned unawaited from where something is disposed of or caught', {
  timeout: LIMIT_MS,
}, () => {
  const { program, checker } = ours()
  const found = program
    .getSourceFiles()
    .filter(({ fileName }) => !fileName.includes('/node_modules/'))
    .flatMap((source) => unawaited(source, checker))
  expect(found).toEqual([])
})

test('it finds such places', () => {
  const text = `
    async function used() { await using thing = make(); return work() }
    async function caught() { try { return work() } catch { return 1 } }
    async function ended() { try { await work() } finally { end() } return work() }
    async function awaited() { await using thing = make(); return await work() }
    async function inside() { await using thing = make(); return [1].map(() => { return work() }) }
    declare function work(): Promise<number>
    declare function make(): AsyncDisposable
    declare function end(): void`
  const options = { target: ts.ScriptTarget.ESNext, lib: ['lib.esnext.d.ts'] }
  const host = ts.createCompilerHost(options)
  const read = host.getSourceFile.bind(host)
  host.getSourceFile = (name, ...rest) =>
    name === 'sample.ts' ? ts.createSourceFile(name, text, ts.ScriptTarget.ESNext, true) : read(name, ...rest)
  const program = ts.createProgram(['sample.ts'], options, host)
  const sample = program.getSourceFile('sample.ts')
  if (sample === undefined) throw new RangeError('no sample')
  expect(unawaited(sample, program.getTypeChecker())).toEqual([
    expect.stringMatching(/sample\.ts:2: return work\(\)/),
    expect.stringMatching(/sample\.ts:3: return work\(\)/),
  ])
})

function ours(): { readonly program: ts.Program; readonly checker: ts.TypeChecker } {
  const config = ts.getParsedCommandLineOfConfigFile(
    join(ROOT, 'tsconfig.json'),
    {},
    {
      ...ts.sys,
      onUnRecoverableConfigFileDiagnostic: ({ messageText }) => {
        throw new Error(ts.flattenDiagnosticMessageText(messageText, '\n'))
      },
    },
  )
  if (config === undefined) throw new RangeError('tsconfig.json could not be read')
  const program = ts.createProgram(config.fileNames, config.options)
  return { program, checker: program.getTypeChecker() }
}

function unawaited(source: ts.SourceFile, checker: ts.TypeChecker): string[] {
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isReturnStatement(node) && isGuarded(node) && isPromise(node.expression, checker)) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart(source))
      found.push(`${relative(ROOT, source.fileName)}:${line + 1}: ${node.getText(source)}`)
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

/** Whether something ends or catches when this statement returns, within its function. */
function isGuarded(statement: ts.Node): boolean {
  for (let node = statement; !ts.isFunctionLike(node) && node.parent !== undefined; node = node.parent) {
    const { parent } = node
    if (ts.isTryStatement(parent) && node === parent.tryBlock) return true
    if (ts.isTryStatement(parent) && node === parent.catchClause && parent.finallyBlock !== undefined)
      return true
    if (ts.isBlock(parent) && parent.statements.some((one) => one.pos < statement.pos && isUsing(one)))
      return true
  }
  return false
}

function isUsing(statement: ts.Statement): boolean {
  return ts.isVariableStatement(statement) && (statement.declarationList.flags & ts.NodeFlags.Using) !== 0
}

function isPromise(returned: ts.Expression | undefined, checker: ts.TypeChecker): boolean {
  if (returned === undefined || ts.isAwaitExpression(returned)) return false
  const type = checker.getTypeAtLocation(returned)
  const types = type.isUnion() ? type.types : [type]
  return types.some((one) => one.getProperty('then') !== undefined)
}
