import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { isOrphan, OURS, OWNER_LABEL, ownLabels } from './owner.ts'

const own = ownLabels()

test('what a living process owns is no orphan', () => {
  expect(own).toMatchObject(OURS)
  expect(own[OWNER_LABEL]).toMatch(new RegExp(`^${process.pid}:.+`))
  expect(isOrphan(own)).toBe(false)
})

test('what a process owned is an orphan once it is dead', async () => {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], {
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  await once(child, 'spawn')
  // A process's start time cannot be read after its end, so take the one that the program reported.
  const owner = (await ownerOf(child.pid)) ?? ''
  expect(isOrphan({ ...own, [OWNER_LABEL]: owner })).toBe(false)
  child.stdin?.end()
  await once(child, 'exit')
  expect(isOrphan({ ...own, [OWNER_LABEL]: owner })).toBe(true)
})

test('a pid that belongs to another process by now is dead', () => {
  expect(isOrphan({ ...own, [OWNER_LABEL]: `${process.pid}:1` })).toBe(true)
})

test('what belongs to another machine is left alone', () => {
  const elsewhere = { ...own, 'mailstorm.machine': 'elsewhere/pid:[1]', [OWNER_LABEL]: `${process.pid}:1` }
  expect(isOrphan(elsewhere)).toBe(false)
})

test.for([[undefined], [{}], [{ mailstorm: 'true' }], [{ 'mailstorm.owner': 'nonsense' }]] as const)(
  'what names no owner is left alone: %o',
  ([labels]) => {
    expect(isOrphan(labels)).toBe(false)
  },
)

async function ownerOf(pid: number | undefined): Promise<string | undefined> {
  const program = `import { ownLabels, OWNER_LABEL } from ${JSON.stringify(new URL('owner.ts', import.meta.url).href)}
    Object.defineProperty(process, 'pid', { value: ${pid} })
    console.log(ownLabels()[OWNER_LABEL])`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program])
  const [output] = (await once(child.stdout, 'data')) as [Buffer]
  return output.toString().trim()
}
