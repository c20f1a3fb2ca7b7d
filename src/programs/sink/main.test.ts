import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const PROGRAM = fileURLToPath(new URL('main.ts', import.meta.url))
const ANY_PORT = '127.0.0.1:0'

function run(environment: Readonly<Record<string, string>> = {}): { child: ChildProcess; output: string[] } {
  const bind = { MH_SMTP_BIND_ADDR: ANY_PORT, MH_API_BIND_ADDR: ANY_PORT, MH_UI_BIND_ADDR: ANY_PORT }
  const child = fork(PROGRAM, [], { env: { ...bind, ...environment }, execArgv: [], silent: true })
  const output: string[] = []
  child.stdout?.on('data', (chunk) => output.push(String(chunk)))
  child.stderr?.on('data', (chunk) => output.push(String(chunk)))
  return { child, output }
}

async function ready({ child, output }: ReturnType<typeof run>): Promise<unknown> {
  if (child.stdout !== null) await once(child.stdout, 'data')
  return JSON.parse(output.join(''))
}

test('says its ports once it is ready, and ends on SIGTERM', async () => {
  const program = run({ MH_UI_BIND_ADDR: 'localhost:0', SINK_LMTP: ANY_PORT })
  const port = expect.any(Number)
  expect(await ready(program)).toEqual({
    ready: true,
    smtp_port: port,
    lmtp_port: port,
    api_port: port,
    ui_port: port,
    web_path: '',
  })
  program.child.kill('SIGTERM')
  expect(await once(program.child, 'exit')).toEqual([0, null])
})

test('ends with its parent', async () => {
  const program = run()
  await ready(program)
  program.child.disconnect()
  expect(await once(program.child, 'exit')).toEqual([0, null])
})

test('ends with code 1 and one message when it cannot start', async () => {
  const { child, output } = run({ MH_AUTH_FILE: '/no/such/file' })
  expect(await once(child, 'close')).toEqual([1, null])
  expect(output.join('')).toBe(
    `Failed to read MH_AUTH_FILE "/no/such/file": ENOENT: no such file or directory, open '/no/such/file'.\n`,
  )
})
