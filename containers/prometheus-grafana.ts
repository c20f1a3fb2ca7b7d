import { MailstormError } from '../src/error.ts'
import { Engine } from './docker/engine.ts'
import { haveImage } from './docker/image.ts'
import { IMAGE_WITHIN_MS } from './docker/options.ts'
import { dockerGrafana } from './grafana-docker.ts'
import { relayToLoopback } from './loopback-relay.ts'
import { dockerPrometheus } from './prometheus-docker.ts'
import { grafanaFiles, PROXY_METRICS_PORT, prometheusConfig, RUN_METRICS_PORT } from './prometheus-files.ts'
import type { RunningWebService } from './web-service.ts'

export interface MonitoringOptions {
  readonly prometheusImage: string
  readonly grafanaImage: string
  /** Where they are published; 0 for any free port. */
  readonly prometheusPort: number
  readonly grafanaPort: number
  readonly note?: (line: string) => void
}

export interface Monitoring extends AsyncDisposable {
  readonly prometheus: RunningWebService
  readonly grafana: RunningWebService
}

/** How Docker Desktop calls the machine that its virtual one runs on; its loopback is reached so too. */
const OUTER_MACHINE = 'host.docker.internal'

/** Prometheus and Grafana in containers, watching a stress run and a mail proxy of this machine. */
export async function startMonitoring(options: MonitoringOptions): Promise<Monitoring> {
  const { note = console.info } = options
  const engine = await Engine.connect()
  const sessionId = await engine.prepare(note)
  // Both before either is started: one that cannot be had is told at once.
  const images = [options.prometheusImage, options.grafanaImage]
  await Promise.all(
    images.map((image) => haveImage(engine.client, { image, withinMs: IMAGE_WITHIN_MS, note })),
  )
  await using stack = new AsyncDisposableStack()
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
  return { prometheus, grafana, [Symbol.asyncDispose]: () => parts.disposeAsync() }
}

/** This machine as the containers of our network reach it, and what runs on its loopback with it. */
async function addressForContainers(engine: Engine, stack: AsyncDisposableStack): Promise<string> {
  const gateway = await engine.network.gateway()
  const ports = [RUN_METRICS_PORT, PROXY_METRICS_PORT]
  // Not by os.networkInterfaces(), which leaves out a bridge that nothing is connected to yet.
  const relays = await Promise.all(ports.map((port) => gateway && relayToLoopback(gateway, port)))
  for (const relay of relays) if (relay) stack.use(relay)
  if (gateway !== undefined && relays.every(Boolean)) return gateway
  if (engine.publishOn !== '127.0.0.1') throw elsewhere(engine)
  return OUTER_MACHINE
}

function elsewhere(engine: Engine): MailstormError {
  return new MailstormError(
    'SERVICE_START',
    `Failed to start the monitoring: the container engine is on ${engine.host}, which cannot reach this machine's loopback.`,
    'Run Prometheus here: prometheus --config.file=deploy/monitoring/prometheus.yml',
  )
}
