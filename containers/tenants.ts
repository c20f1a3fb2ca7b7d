import { fileURLToPath } from 'node:url'
import type { TenantProgramOptions } from '../src/programs/tenants/main.ts'
import { EmbeddedProcess, EmbeddedService } from './embedded-process.ts'
import type { RunningService, Service } from './service.ts'

export type TenantServiceOptions = TenantProgramOptions & {
  /** Default: `tenant-standard`, after the profile. */
  readonly name?: string
}

export interface RunningTenantService extends RunningService {
  readonly tenantId: string
  readonly port: number
  /** Such as `http://127.0.0.1:8082`. */
  readonly url: string
  readonly pid: number
}

const PROGRAM = fileURLToPath(new URL('../src/programs/tenants/main.ts', import.meta.url))

/** A simulated tenant as a local process. */
export function embeddedTenant({ name, ...options }: TenantServiceOptions): Service<RunningTenantService> {
  const called = name ?? `tenant-${options.profile}`
  const start = async (life: number, port = options.port): Promise<RunningTenantService> => {
    // Message ids derive from the run's id: a later life must not reuse ids that the proxy already knows.
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

  /** Its counters and its DND window are lost. */
  startAgain(): Promise<RunningTenantService> {
    return this.#startOn(this.port)
  }
}
