import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { DisposableParts } from '../src/disposable-stack.ts'
import { MailstormError } from '../src/error.ts'
import { LOOPBACK } from '../src/listening.ts'
import { type ContainerPlan, type RunningContainer, startContainer } from './docker/container.ts'
import { ContainerService } from './docker/container-service.ts'
import { Engine } from './docker/engine.ts'
import { haveImage } from './docker/image.ts'
import { IMAGE_WITHIN_MS, type Limits } from './docker/options.ts'
import { relayToLoopback } from './loopback.ts'
import type { RunningService, Service } from './service.ts'

export interface MonitoringOptions {
  readonly prometheusImage: string
  readonly grafanaImage: string
  /** Port to publish on; 0: any free one. */
  readonly prometheusPort: number
  readonly grafanaPort: number
  readonly note?: (line: string) => void
}

export interface Monitoring extends AsyncDisposable {
  readonly prometheus: RunningWebService
  readonly grafana: RunningWebService
  /** Port on which stress runs serve their figures. */
  readonly runMetricsPort: number
}

/** Docker Desktop's name for the host of its virtual machine; it reaches that host's loopback too. */
const OUTER_MACHINE = 'host.docker.internal'

/** Prometheus and Grafana in containers, watching a stress run and a mail proxy on this machine. */
export async function startMonitoring(options: MonitoringOptions): Promise<Monitoring> {
  const { note = console.info } = options
  const engine = await Engine.connect()
  const sessionId = await engine.prepare(note)
  // Pull both before starting either, so that a missing image is reported at once.
  const images = [options.prometheusImage, options.grafanaImage]
  await Promise.all(
    images.map((image) => haveImage(engine.client, { image, withinMs: IMAGE_WITHIN_MS, note })),
  )
  await using stack = new DisposableParts()
  await engine.network.join(sessionId)
  stack.defer(() => engine.network.leave())
  const thisMachine = await addressForContainers(engine, stack)
  const config = await prometheusConfig(thisMachine)
  const prometheus = stack.use(
    await dockerPrometheus({
      image: options.prometheusImage,
      port: options.prometheusPort,
      config,
      note,
    }).start(),
  )
  const files = await grafanaFiles()
  const grafana = stack.use(
    await dockerGrafana({ image: options.grafanaImage, port: options.grafanaPort, files, note }).start(),
  )
  const parts = stack.move()
  return {
    prometheus,
    grafana,
    runMetricsPort: RUN_METRICS_PORT,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

/** The address under which our containers reach this machine, including what listens on its loopback. */
async function addressForContainers(engine: Engine, stack: DisposableParts): Promise<string> {
  const gateway = await engine.network.gateway()
  const ports = [RUN_METRICS_PORT, PROXY_METRICS_PORT]
  // os.networkInterfaces() omits a bridge that nothing is connected to yet.
  const relays = await Promise.all(ports.map((port) => gateway && relayToLoopback(gateway, port)))
  for (const relay of relays) if (relay) stack.use(relay)
  if (gateway !== undefined && relays.every(Boolean)) return gateway
  if (engine.publishOn !== LOOPBACK) throw elsewhere(engine)
  return OUTER_MACHINE
}

function elsewhere(engine: Engine): MailstormError {
  return new MailstormError(
    'SERVICE_START',
    `Failed to start the monitoring: the container engine is on ${engine.host}, which cannot reach this machine's loopback.`,
    'Run Prometheus here: prometheus --config.file=deploy/monitoring/prometheus.yml',
  )
}

const MONITORING_FOLDER = join(import.meta.dirname, '../deploy/monitoring')

/** Ports to scrape: a stress run and the mail proxy, as in deploy/monitoring/prometheus.yml. */
export const RUN_METRICS_PORT = 9464
const PROXY_METRICS_PORT = 8000

/** Prometheus' configuration, with the name that containers know this machine by. */
async function prometheusConfig(thisMachine: string): Promise<string> {
  const config = await readFile(join(MONITORING_FOLDER, 'prometheus.yml'), 'utf8')
  return config.replaceAll(`'${LOOPBACK}:`, `'${thisMachine}:`)
}

/** Grafana's provisioning: data source, dashboard folder and the dashboards, by path in the container. */
async function grafanaFiles(): Promise<Record<string, string>> {
  const dashboards = await readdir(join(MONITORING_FOLDER, 'dashboards'))
  const places: [path: string, file: string][] = [
    ['/etc/grafana/provisioning/datasources/mailstorm.yaml', 'grafana/datasources.yaml'],
    ['/etc/grafana/provisioning/dashboards/mailstorm.yaml', 'grafana/providers.yaml'],
    ...dashboards.map((file): [string, string] => [
      `/var/lib/grafana-dashboards/${file}`,
      `dashboards/${file}`,
    ]),
  ]
  const contents = await Promise.all(
    places.map(([, file]) => readFile(join(MONITORING_FOLDER, file), 'utf8')),
  )
  return Object.fromEntries(places.map(([path], place) => [path, contents[place] ?? '']))
}

export interface PrometheusOptions {
  readonly image: string
  /** Port to publish on; 0: any free one. */
  readonly port: number
  /** Configuration, as YAML. */
  readonly config: string
  readonly note?: (line: string) => void
}

/** As in genro-mail-proxy's pressure test. */
const PROMETHEUS_LIMITS: Limits = { cpus: 0.5, memoryBytes: 512 * 1024 ** 2 }
const PROMETHEUS_PORT = 9090
const PROMETHEUS_READY_WITHIN_MS = 60_000
const PROMETHEUS_CONFIG = '/etc/prometheus/prometheus.yml'

/** Prometheus in a container. Keeps samples for a day at most, and never beyond its own end. */
function dockerPrometheus(options: PrometheusOptions): Service<RunningWebService> {
  return dockerWebService({
    name: 'prometheus',
    image: options.image,
    port: { inside: PROMETHEUS_PORT, published: options.port },
    readyPath: '/-/ready',
    readyWithinMs: PROMETHEUS_READY_WITHIN_MS,
    environment: {},
    command: [
      `--config.file=${PROMETHEUS_CONFIG}`,
      '--storage.tsdb.path=/prometheus',
      '--storage.tsdb.retention.time=1d',
    ],
    files: { [PROMETHEUS_CONFIG]: options.config },
    limits: PROMETHEUS_LIMITS,
    note: options.note,
  })
}

export interface GrafanaOptions {
  readonly image: string
  /** Port to publish on; 0: any free one. */
  readonly port: number
  /** Provisioning files, by path in the container. */
  readonly files: Readonly<Record<string, string>>
  readonly note?: (line: string) => void
}

/** As in genro-mail-proxy's pressure test. */
const GRAFANA_LIMITS: Limits = { cpus: 0.5, memoryBytes: 256 * 1024 ** 2 }
const GRAFANA_PORT = 3000
/** Its first start migrates a database. */
const GRAFANA_READY_WITHIN_MS = 90_000

const GRAFANA_ENVIRONMENT = {
  GF_SECURITY_ADMIN_USER: 'admin',
  GF_SECURITY_ADMIN_PASSWORD: 'admin',
  GF_AUTH_ANONYMOUS_ENABLED: 'true',
  GF_AUTH_ANONYMOUS_ORG_ROLE: 'Viewer',
  // It must not contact anybody outside.
  GF_ANALYTICS_REPORTING_ENABLED: 'false',
  GF_ANALYTICS_CHECK_FOR_UPDATES: 'false',
  GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: 'false',
}

/** Grafana in a container with its dashboards; log in as admin/admin, or view without login. */
function dockerGrafana(options: GrafanaOptions): Service<RunningWebService> {
  return dockerWebService({
    name: 'grafana',
    image: options.image,
    port: { inside: GRAFANA_PORT, published: options.port },
    readyPath: '/api/health',
    readyWithinMs: GRAFANA_READY_WITHIN_MS,
    environment: GRAFANA_ENVIRONMENT,
    files: options.files,
    limits: GRAFANA_LIMITS,
    note: options.note,
  })
}

/** A service with a web page. */
interface RunningWebService extends RunningService {
  readonly url: string
}

export interface WebServiceOptions extends Omit<ContainerPlan, 'ports' | 'ready' | 'note'> {
  readonly port: { readonly inside: number /** 0 for any free one. */; readonly published: number }
  /** Path that answers with success once it is ready, such as `/-/ready`. */
  readonly readyPath: string
  readonly note: ((line: string) => void) | undefined
}

const RETRY_AFTER_MS = 100

function dockerWebService(options: WebServiceOptions): Service<RunningWebService> {
  const { port, readyPath, note = console.info, ...plan } = options
  return {
    async start() {
      const container = await startContainer(await Engine.connect(), {
        ...plan,
        ports: { [port.inside]: port.published },
        note,
        ready: (running, signal) => awaitSuccess(webUrl(running, port.inside) + readyPath, signal),
      })
      return new ContainerWebService(container, port.inside)
    },
  }
}

class ContainerWebService extends ContainerService implements RunningWebService {
  readonly url: string

  constructor(container: RunningContainer, port: number) {
    super(container)
    this.url = webUrl(container, port)
  }
}

function webUrl(container: RunningContainer, port: number): string {
  return `http://${container.host}:${container.port(port)}`
}

/** Resolves once the URL answers with success. */
async function awaitSuccess(url: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    const ok = await fetch(url, { signal }).then(
      async ({ ok, body }) => {
        // Unread, it would keep a connection for each attempt.
        await body?.cancel()
        return ok
      },
      () => false,
    )
    if (ok || signal.aborted) return
    await delay(RETRY_AFTER_MS, undefined, { signal }).catch(() => undefined)
  }
}
