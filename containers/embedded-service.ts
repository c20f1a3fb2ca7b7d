import pidusage from 'pidusage'
import type { EmbeddedProcess } from './embedded-process.ts'
import type { ServiceEnd, Usage } from './service.ts'

export const LOOPBACK = '127.0.0.1'

/** What every service that is a process of this machine answers in the same way; each adds its ports. */
export class EmbeddedService implements AsyncDisposable {
  readonly backend = 'embedded'
  readonly host = LOOPBACK
  readonly name: string
  protected readonly program: EmbeddedProcess

  constructor(name: string, program: EmbeddedProcess) {
    this.name = name
    this.program = program
  }

  get pid(): number {
    return this.program.pid
  }

  get endedBy(): string | undefined {
    return this.program.endedBy
  }

  get ended(): Promise<ServiceEnd | undefined> {
    return this.program.ended
  }

  async usage(): Promise<Usage | undefined> {
    try {
      const { cpu, memory } = await pidusage(this.pid)
      return { cpuPercent: cpu, memoryBytes: memory }
    } catch {
      // It has ended; or we are out of file descriptors, which must not end the run that samples it.
      return undefined
    }
  }

  async logTail(lines: number): Promise<string[]> {
    return this.program.logTail(lines)
  }

  stop(): Promise<void> {
    return this.program.stop()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}
