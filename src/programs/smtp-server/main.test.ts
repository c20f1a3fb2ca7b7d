import { type ChildProcess, fork, type Serializable, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, onTestFailed, test } from 'vitest'
import { readLedgerEntries, readServerLedger } from './ledger.ts'
import { RawClient } from './raw-client.fixture.ts'

const PROGRAM = fileURLToPath(new URL('./main.ts', import.meta.url))
let folder: string
let ledgerFile: string
const children: ChildProcess[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'main-test-'))
  ledgerFile = join(folder, 'ledger.ndjson')
})
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await rm(folder, { recursive: true })
})

function run(env: Record<string, string>): ChildProcess {
  const child = fork(PROGRAM, {
    execArgv: [],
    env: { SMTP_PORT: '0', LEDGER_FILE: ledgerFile, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  children.push(child)
  return child
}

async function ports(child: ChildProcess): Promise<Record<string, number>> {
  if (child.stdout === null) throw new Error('no stdout')
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  return JSON.parse(line)
}

async function outcome(child: ChildProcess): Promise<Serializable> {
  if (child.stdout === null || child.stderr === null) throw new Error('no pipes')
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ])
  return { stdout, stderr, code }
}

describe('start', () => {
  test('with bad configuration ends with code 2 and one message, no port opened', async () => {
    expect(await outcome(run({ SMTP_PORT: 'smtp', SMTP_MAX_CONNECTIONS: '0' }))).toEqual({
      code: 2,
      stdout: '',
      stderr: [
        'Failed to read the configuration: 2 problems.',
        '  SMTP_PORT="smtp" is not a whole number. Allowed: a whole number from 0 to 65,535. Set SMTP_PORT=2525, or unset it (default: 2525).',
        '  SMTP_MAX_CONNECTIONS="0" is too small. Allowed: a whole number from 1 to 1,000,000. Set SMTP_MAX_CONNECTIONS=100, or unset it (default: 100).\n',
      ].join('\n'),
    })
  })

  test('on a port that is taken ends with code 1 and one message', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as { port: number }
    expect(await outcome(run({ SMTP_PORT: String(port) }))).toEqual({
      code: 1,
      stdout: '',
      stderr:
        `Failed to listen on 127.0.0.1:${port} (SMTP_PORT): the port is taken.\n` +
        'Stop what listens there, or choose another port (0 = any free one).\n',
    })
    taken.close()
  })
})

describe('end', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    'comes at once on %s, even with a session open',
    async (signal) => {
      const child = run({})
      const { smtp_port: port = 0 } = await ports(child)
      const client = await RawClient.ready(port)
      child.kill(signal)
      expect(await once(child, 'exit')).toEqual([0, null])
      await client.closed()
    },
  )

  test('leaves the temporary ledger to the parent, which may ask for what was acknowledged', async () => {
    const child = run({ LEDGER_FILE: '', TMPDIR: folder })
    const { ledger_file: path } = await ports(child)
    child.kill('SIGTERM')
    await once(child, 'exit')
    expect(existsSync(String(path))).toBe(true)
  })

  test('takes the temporary ledger along when the parent has left, and one of an earlier life too', async () => {
    await writeFile(ledgerFile, '')
    for (const env of [{ LEDGER_FILE: '', TMPDIR: folder }, { LEDGER_TEMPORARY: 'true' }]) {
      const child = run(env)
      const { ledger_file: path } = await ports(child)
      expect(existsSync(String(path))).toBe(true)
      child.disconnect()
      await once(child, 'exit')
      expect(existsSync(String(path))).toBe(false)
    }
    await mkdir(folder, { recursive: true })
  })

  test('comes when the parent is killed: no orphan and no temporary file stays', async () => {
    const parentScript = `
      const { fork } = require('node:child_process')
      fork(${JSON.stringify(PROGRAM)}, { execArgv: [], stdio: 'inherit' }).on('message', () => {})`
    const parent = spawn(process.execPath, ['-e', parentScript], {
      env: { SMTP_PORT: '0', TMPDIR: folder },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    children.push(parent)
    const { smtp_port: port = 0, pid = 0, ledger_file: path } = await ports(parent)
    onTestFailed(() => void process.kill(pid, 'SIGKILL'))
    parent.kill('SIGKILL')
    // The server writes to the same pipe, which closes when both have ended.
    await once(parent, 'close')
    expect(await new RawClient(port).reply()).toBe('')
    expect(existsSync(String(path))).toBe(false)
  })
})

describe('kill -9 in the middle of load', () => {
  test('leaves every acknowledged message in the ledger file, none twice', async () => {
    const child = run({})
    const { smtp_port: port = 0 } = await ports(child)
    const acknowledged = new Set<string>()
    await Promise.all(
      Array.from({ length: 8 }, async (_, worker) => {
        const client = await RawClient.ready(port)
        for (let n = 0; ; n++) {
          const id = `run-1-${worker}x${n}`
          if (!(await client.send(`X-Mailstorm-Id: ${id}\r\n\r\nbody\r\n`)).startsWith('250')) return
          acknowledged.add(id)
          if (acknowledged.size === 300) child.kill('SIGKILL')
        }
      }),
    )
    const inFile: string[] = []
    for await (const { id } of readLedgerEntries(ledgerFile, 'run-1')) inFile.push(id)
    expect(acknowledged.size).toBeGreaterThanOrEqual(300)
    expect(new Set(inFile).size).toBe(inFile.length)
    expect([...acknowledged].filter((id) => !inFile.includes(id))).toEqual([])
    // Each of the eight sessions has at most one message that was received but not acknowledged.
    expect(inFile.length - acknowledged.size).toBeLessThanOrEqual(8)
    expect(await readServerLedger(ledgerFile, 'run-1')).toMatchObject({
      accepted: inFile.length,
      connections: { current: 0, peak: 8 },
    })
  })
})
