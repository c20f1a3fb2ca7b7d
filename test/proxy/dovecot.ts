import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from '../../containers/loopback.ts'

const BINARY = '/usr/sbin/dovecot'

/** Why there is no Dovecot here; undefined when there is. It gives up root for nobody, so it takes root to start it. */
export const noDovecot = !existsSync(BINARY)
  ? 'Debian’s dovecot-imapd is not installed'
  : process.getuid?.() === 0
    ? undefined
    : 'Dovecot needs root'

/** A real IMAP server with one mailbox, as a process of this machine. */
export class Dovecot implements AsyncDisposable {
  readonly port: number
  readonly user = 'bounces'
  readonly password = 'pässwort'
  readonly #child: ChildProcess
  readonly #folder: string

  static async start(): Promise<Dovecot> {
    const folder = await mkdtemp(join(tmpdir(), 'dovecot-'))
    await chmod(folder, 0o755)
    const mail = join(folder, 'mail')
    await mkdir(mail)
    await chmod(mail, 0o777)
    const port = await freePort()
    const file = join(folder, 'dovecot.conf')
    await writeFile(file, configuration(folder, mail, port))
    const child = spawn(BINARY, ['-F', '-c', file], { stdio: 'ignore' })
    const dovecot = new Dovecot(port, child, folder)
    await dovecot.#ready()
    return dovecot
  }

  private constructor(port: number, child: ChildProcess, folder: string) {
    this.port = port
    this.#child = child
    this.#folder = folder
  }

  async #ready(): Promise<void> {
    for (let tries = 0; tries < 200; tries++) {
      const socket = connect(this.port, '127.0.0.1')
      const greeting = await Promise.race([once(socket, 'data'), once(socket, 'close')]).catch(() => [])
      socket.destroy()
      if (String(greeting[0]).startsWith('* OK')) return
      await delay(50)
    }
    throw new Error(`Dovecot did not come up: see ${this.#folder}/log`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#child, 'close')
    this.#child.kill('SIGTERM')
    await closed
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
  }
}

function configuration(folder: string, mail: string, port: number): string {
  return `
protocols = imap
listen = 127.0.0.1
base_dir = ${folder}/run
state_dir = ${folder}/state
log_path = ${folder}/log
ssl = no
disable_plaintext_auth = no
mail_location = maildir:${mail}/%u
default_login_user = nobody
default_internal_user = nobody
default_internal_group = nogroup
first_valid_uid = 1
passdb {
  driver = static
  args = password=pässwort
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=${mail}/%u
}
service imap-login {
  chroot =
  inet_listener imap {
    port = ${port}
  }
}
service anvil {
  chroot =
}
`
}
