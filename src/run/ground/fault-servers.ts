import type { RunningSmtpServer } from '../../../containers/smtp-server.ts'
import { dialTargetOf } from '../../dial.ts'
import { DisposableParts } from '../../disposable-stack.ts'
import { describeFaults, type FaultPlan } from '../../programs/faults/plans.ts'
import { CrowdThread, FaultProxyThread, FaultServerThread } from '../../programs/faults/threads.ts'
import type { SmtpTarget } from '../../smtp/target.ts'
import { TargetLevels } from './levels.ts'
import type { Servers } from './servers.ts'
import type { Services } from './services.ts'

export interface FaultCounts {
  /** Connections cut by the proxies. */
  readonly cut: number
  /** Clients of the crowd still connected at the end. */
  readonly crowd: number
}

export interface FaultyServers extends AsyncDisposable {
  readonly servers: Servers
  counts(): Promise<FaultCounts>
}

/** The servers of a run behind fault proxies, or fault servers instead of them. */
export async function faultyServers(
  plan: FaultPlan,
  services: Services,
  count: number | undefined,
): Promise<FaultyServers> {
  await using stack = new DisposableParts()
  const sound = plan.server === undefined ? await services.servers.get() : undefined
  const servers = sound ?? (await oneFaultServer(plan, stack))
  const plain = servers.targetsFor({ tls: 'none', auth: undefined }).slice(0, count)
  const proxies =
    plan.proxy === undefined ? [] : await Promise.all(plain.map((target) => proxyTo(target, plan, services)))
  const crowds =
    plan.crowd === undefined ? [] : await Promise.all(plain.map((target) => crowdAt(target, plan)))
  for (const thread of [...proxies, ...crowds]) stack.use(thread)
  const kept = stack.move()
  return {
    servers: { ...servers, backend: backendOf(servers, plan), targetsFor: through(servers, proxies) },
    async counts() {
      const cut = (await Promise.all(proxies.map((proxy) => proxy.counts()))).map((counted) => counted.cut)
      const open = (await Promise.all(crowds.map((crowd) => crowd.counts()))).map((counted) => counted.open)
      return { cut: sum(cut), crowd: sum(open) }
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

function proxyTo(target: SmtpTarget, { proxy }: FaultPlan, { options }: Services): Promise<FaultProxyThread> {
  return FaultProxyThread.start({
    seed: options.seed,
    ...proxy,
    target: dialTargetOf(target),
  })
}

function crowdAt(target: SmtpTarget, { crowd }: FaultPlan): Promise<CrowdThread> {
  return CrowdThread.start({
    idle: 0,
    slow: 0,
    ...crowd,
    target: dialTargetOf(target),
  })
}

/** The same targets under the same names, at the addresses of their proxies. */
function through(servers: Servers, proxies: readonly FaultProxyThread[]): Servers['targetsFor'] {
  if (proxies.length === 0) return servers.targetsFor
  return (workload) =>
    servers.targetsFor(workload).flatMap((target, index) => {
      const proxy = proxies[index]
      if (proxy === undefined) return []
      const { addresses: _own, alike: _first, exchangers: _names, path: _socket, ...rest } = target
      return [{ ...rest, host: proxy.host, port: proxy.port }]
    })
}

function backendOf({ backend }: Servers, plan: FaultPlan): Servers['backend'] {
  return { ...backend, why: `${backend.why}; fault: ${describeFaults(plan)}` }
}

async function oneFaultServer({ server = {} }: FaultPlan, stack: DisposableParts): Promise<Servers> {
  const thread = stack.use(await FaultServerThread.start(server))
  const booted = runningFaultServer(thread)
  const targetsFor = (): SmtpTarget[] => [
    { name: booted.name, host: thread.host, port: thread.port, tls: { mode: 'none', verify: true } },
  ]
  return {
    backend: { name: 'embedded', why: 'a fault server in a thread of its own' },
    kept: false,
    booted: [booted],
    ledgers: [booted],
    noLedger: undefined,
    names: [],
    async ready() {},
    levels: new TargetLevels(targetsFor, { areOurs: true, mayDeliver: false }),
    targetsFor,
    async [Symbol.asyncDispose]() {},
  }
}

/** A fault server seen as a booted server; it lives and dies with the run's process. */
function runningFaultServer(thread: FaultServerThread): RunningSmtpServer {
  return {
    name: 'fault-server',
    backend: 'embedded',
    host: thread.host,
    port: thread.port,
    implicitTlsPort: undefined,
    ca: undefined,
    pid: process.pid,
    endedBy: undefined,
    ended: new Promise(() => {}),
    ledger: (runId) => thread.ledger(runId),
    entries: (runId) => thread.entries(runId),
    usage: async () => undefined,
    logTail: async () => [],
    async stop() {},
    async [Symbol.asyncDispose]() {},
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
