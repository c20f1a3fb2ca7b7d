import { fileURLToPath } from 'node:url'
import type { TenantProgramOptions } from '../src/programs/tenants/main.ts'
import { EmbeddedProcess, EmbeddedService } from './embedded-process.ts'
import type { RunningService, Service } from './service.ts'

export type TenantServiceOptions = TenantProgramOptions & {
  /** As `tenant-standard`, when unset. */
  readonly name?: string
}

export interface RunningTenantService extends RunningService {
  readonly tenantId: string
  readonly port: number
  /** As `http://127.0.0.1:8082`. */
  readonly url: string
  readonly pid: number
}

const PROGRAM = fileURLToPath(new URL('../src/programs/tenants/main.ts', import.meta.url))

/** A simulated tenant as a process of this machine. */
export function embeddedTenant({ name, ...options }: TenantServiceOptions): Service<RunningTenantService> {
  const called = name ?? `tenant-${options.profile}`
  const start = async (life: number, port = options.port): Promise<RunningTenantService> => {
    // Ids come from the run's: a later life must not give those that the proxy knows already.
    const runId = life === 1 ? options.runId : `${options.runId ?? ''}-${life}`
    const env = { TENANT_OPTIONS: JSON.stringify({ ...options, runId, port }) }
    const program = await EmbeddedProcess.start({ name: called, program: PROGRAM, env })
    return new EmbeddedTenant(called, program, (samePort) => start(life + 1, samePort))
  }
  return { start: () => start(1) }
}

class EmbeddedTenant extends EmbeddedService implements RunningTenantService {
  readonly tenantId: string
  readonly port: number
  readonly url: string
  readonly #startOn: (port: number) => Promise<RunningTenantService>

  constructor(
    name: string,
    program: EmbeddedProcess,
    startOn: (port: number) => Promise<RunningTenantService>,
  ) {
    super(name, program)
    this.#startOn = startOn
    this.tenantId = String(program.readyLine.tenant_id)
    this.port = Number(program.readyLine.port)
    this.url = String(program.readyLine.url)
  }

  /** What it has counted and asked for is gone. */
  startAgain(): Promise<RunningTenantService> {
    return this.#startOn(this.port)
  }
}
