import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { EmbeddedProcess } from '../../../containers/embedded-process.ts'
import { dialOptions } from '../../dial.ts'
import { readOptions } from '../../options/options.ts'
import { serve, serveTls } from '../../smtp/preflight/fake-server.fixture.ts'
import { PREFLIGHT_WORLD } from '../../smtp/preflight/preflight.ts'
import { startServers } from './servers.ts'

const PLAIN = { tls: 'none', auth: undefined, replyTimeoutMs: 1_000 } as const
const SECURE = { tls: 'implicit', auth: undefined, replyTimeoutMs: 1_000 } as const

/** A name server whose first answer is ours, and every later one somebody else's. */
function changingNames() {
  const asked: string[] = []
  const lookup = async (host: string) => {
    asked.push(host)
    const address = asked.length === 1 ? '127.0.0.1' : '203.0.113.7'
    return [{ address, family: 4 }]
  }
  return { asked, world: { ...PREFLIGHT_WORLD, lookup, greetingTimeoutMs: 1_000 } }
}

function external(port: number, world: typeof PREFLIGHT_WORLD, more: NodeJS.ProcessEnv = {}) {
  const options = readOptions({ SMTP_TARGETS: `mail.test:${port}`, ...more })
  return startServers(options, undefined, world)
}

test('what was checked is what is connected to: a name is asked once for the check and for all connections', async () => {
  const port = await serve((socket) => socket.write('220 ready\r\n'))
  const { asked, world } = changingNames()
  const servers = await external(port, world)
  await servers.ready(PLAIN)
  await servers.ready(PLAIN)
  const [target] = servers.targetsFor(PLAIN)
  expect(target).toMatchObject({ name: `mail.test:${port}`, host: 'mail.test', addresses: ['127.0.0.1'] })
  for (let connection = 0; connection < 3; connection++) {
    const socket = connect(dialOptions(target as NonNullable<typeof target>, 1_000))
    onTestFinished(() => void socket.destroy())
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    expect(socket.remoteAddress).toBe('127.0.0.1')
  }
  expect(asked).toEqual(['mail.test'])
})

test('says what a name stands for and how long its name server took; an address is no name', async () => {
  const { world } = changingNames()
  expect((await external(25, world)).names).toEqual([
    { host: 'mail.test', addresses: ['127.0.0.1'], lookup_ms: expect.any(Number) },
  ])
  const options = readOptions({ SMTP_TARGETS: '127.0.0.1:25' })
  expect((await startServers(options, undefined, changingNames().world)).names).toEqual([])
})

test('is looked at as the workload will meet it, whatever STRESS_TLS says of others', async () => {
  const { port } = await serveTls()
  const servers = await external(port, changingNames().world, { STRESS_TLS_VERIFY: '0' })
  await expect(servers.ready(SECURE)).resolves.toBeUndefined()
  await expect(servers.ready(PLAIN)).rejects.toThrow('it speaks TLS from the start.')
})

test('servers of ours that somebody else started tell what they received; one that does not is refused before the load', async () => {
  const program = new URL('../../programs/smtp-server/main.ts', import.meta.url)
  const server = await EmbeddedProcess.start({
    name: 'elsewhere',
    program: fileURLToPath(program),
    env: { SMTP_PORT: '0' },
  })
  onTestFinished(() => server.stop())
  const { smtp_port: port, control_port: controlPort } = server.readyLine
  const at = (ledgerPort: unknown) =>
    startServers(readOptions({ SMTP_TARGETS: `127.0.0.1:${port}`, SMTP_LEDGER_PORT: `${ledgerPort}` }))
  const servers = await at(controlPort)
  await servers.ready(PLAIN)
  expect(servers).toMatchObject({ backend: { name: 'external' }, noLedger: undefined, booted: [] })
  expect(await servers.ledgers[0]?.ledger('r')).toMatchObject({ accepted: 0, corrupted: 0 })
  await expect((await at(port)).ready(PLAIN)).rejects.toThrow(
    `Failed to ask 127.0.0.1:${port} (SMTP_LEDGER_PORT=${port}) for /ledger`,
  )
})
