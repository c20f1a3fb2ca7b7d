import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { saysOnStderr, stopChild } from '../child-process.ts'

/** A second dockerd whose data lies on a small disk in memory. Needs root. */
export class SmallEngine implements AsyncDisposable {
  readonly address: string
  readonly dataFolder: string
  readonly #folder: string
  readonly #dockerd: ChildProcess

  static async start({ diskMegabytes }: { diskMegabytes: number }): Promise<SmallEngine> {
    const folder = await mkdtemp(join(tmpdir(), 'mailstorm-small-engine-'))
    const data = join(folder, 'data')
    await mkdir(data)
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${diskMegabytes}m`, 'tmpfs', data])
    // In a network of its own: without a bridge it would take the one of the machine's own engine away.
    const dockerd = spawn('unshare', [
      ...[
        '--net',
        'dockerd',
        '--data-root',
        data,
        '--exec-root',
        join(folder, 'exec'),
        '--pidfile',
        join(folder, 'pid'),
      ],
      ...['--host', `unix://${join(folder, 'sock')}`],
      ...['--bridge=none', '--iptables=false', '--ip-forward=false'],
    ])
    const engine = new SmallEngine(folder, data, dockerd)
    try {
      await saysOnStderr(dockerd, 'API listen on')
      return engine
    } catch (error) {
      await engine[Symbol.asyncDispose]()
      throw error
    }
  }

  private constructor(folder: string, data: string, dockerd: ChildProcess) {
    this.#folder = folder
    this.dataFolder = data
    this.address = `unix://${join(folder, 'sock')}`
    this.#dockerd = dockerd
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await stopChild(this.#dockerd)
    execFileSync('umount', [this.dataFolder])
    await rm(this.#folder, { recursive: true, force: true })
  }
}
