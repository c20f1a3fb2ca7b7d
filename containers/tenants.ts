import { fileURLToPath } from 'node:url'
import type { TenantProgramOptions } from '../src/tenants/main.ts'
import { EmbeddedProcess } from './embedded-process.ts'
import { EmbeddedService } from './embedded-service.ts'
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

const PROGRAM = fileURLToPath(new URL('../src/tenants/main.ts', import.meta.url))

/** A simulated tenant as a process of this machine. */
export function embeddedTenant({ name, ...options }: TenantServiceOptions): Service<RunningTenantService> {
  const called = name ?? `tenant-${options.profile}`
  return {
    async start() {
      const env = { TENANT_OPTIONS: JSON.stringify(options) }
      return new EmbeddedTenant(called, await EmbeddedProcess.start({ name: called, program: PROGRAM, env }))
    },
  }
}

class EmbeddedTenant extends EmbeddedService implements RunningTenantService {
  readonly tenantId: string
  readonly port: number
  readonly url: string

  constructor(name: string, program: EmbeddedProcess) {
    super(name, program)
    this.tenantId = String(program.readyLine.tenant_id)
    this.port = Number(program.readyLine.port)
    this.url = String(program.readyLine.url)
  }
}
