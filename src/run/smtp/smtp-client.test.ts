import { describe, expect, it } from 'vitest'
import { allCommands } from '../../../test/servers/record.ts'
import { close, type Script, say } from '../../../test/servers/script.ts'
import { ScriptedServer } from '../../../test/servers/scripted-server.ts'
import { SmtpClient, type SmtpClientOptions } from './smtp-client.ts'

const MAIL = { from: 'a@example.com', to: ['b@example.com'], message: 'Subject: x\n\nhello\n' }
const noPipelining = [say('250-scripted', '250 SIZE 10000')]

async function connected(server: ScriptedServer) {
  return SmtpClient.connect(`${server.host}:${server.port}`, { replyTimeoutMs: 5_000 })
}

describe('SmtpClient', () => {
  it('sends one message after another, says how each was taken, and QUIT in the end', async () => {
    await using server = await ScriptedServer.start({ rcpt: { first: [[say('550 5.1.1 who?')]] } })
    const client = await connected(server)
    const to = ['nobody@example.com', 'b@example.com']
    expect(await client.send({ ...MAIL, to })).toEqual({
      code: 250,
      text: '250 2.0.0 taken',
      refused: ['550 5.1.1 who?'],
    })
    expect(await client.send(MAIL)).toMatchObject({ refused: [] })
    await client.quit()
    expect(server.sessions).toHaveLength(1)
    expect(server.sessions[0]?.messages).toHaveLength(2)
    expect(allCommands(server.sessions).at(-1)).toBe('QUIT')
  })

  it.each<[string, Script]>([
    ['pipelined', {}],
    ['in lock-step', { ehlo: noPipelining }],
  ])('can still be used after a refusal, %s', async (_, script) => {
    await using server = await ScriptedServer.start({ ...script, rcpt: { first: [[say('450 4.2.1 busy')]] } })
    await using client = await connected(server)
    await expect(client.send(MAIL)).rejects.toMatchObject({ outcome: 'deferred', failure: { code: 450 } })
    expect((await client.send(MAIL)).code).toBe(250)
  })

  it.each<[string, Script]>([
    ['pipelined', {}],
    ['in lock-step', { ehlo: noPipelining }],
  ])('says 421 when that ended the session, not that the connection closed; %s', async (_, script) => {
    const rcpt = [say('421 4.3.2 going down'), close]
    await using server = await ScriptedServer.start({ ...script, rcpt })
    await using client = await connected(server)
    await expect(client.send(MAIL)).rejects.toMatchObject({ failure: { code: 421, phase: 'envelope' } })
  })

  it.each([
    [{ tlsVerfy: false }, 'there is no field tlsVerfy. Did you mean tlsVerify?'],
    [{ auth: { user: 'u', pass: 'p', mech: 'LOGIN' } }, 'there is no field auth.mech.'],
  ])('refuses %o, as plain JavaScript may say it, before it connects', async (options, why) => {
    await expect(SmtpClient.connect('127.0.0.1:1', options as SmtpClientOptions)).rejects.toThrow(why)
  })

  it('ends the session where replies are out of step: what comes next answers nothing of ours', async () => {
    await using server = await ScriptedServer.start({
      ehlo: noPipelining,
      data: { first: [[say('250 ok')]] },
    })
    await using client = await connected(server)
    await expect(client.send(MAIL)).rejects.toMatchObject({
      failure: { class: 'protocol_error', phase: 'data' },
    })
    await expect(client.send(MAIL)).rejects.toMatchObject({ failure: { class: 'aborted' } })
  })
})
