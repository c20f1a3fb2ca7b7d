import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readOptions } from '../../src/options/options.ts'
import { proxyConfigFromEnvironment } from '../../src/programs/proxy/options.ts'
import { readSinkOptions } from '../../src/programs/sink/options.ts'
import { readServerConfig } from '../../src/programs/smtp-server/config.ts'
import { type Container, describeManifests, ofKind, renderAll, workloadsOf } from './manifests.ts'

const ROOT = join(import.meta.dirname, '../..')
const objects = renderAll()
const ours = workloadsOf(objects).filter(({ container }) => container.image.startsWith('mailstorm:'))
const workload = (name: string) => {
  const found = ours.find((candidate) => candidate.name === name)
  if (found === undefined) throw new Error(`no workload ${name}`)
  return found.container
}

/** The variables of a container as its program finds them; what comes from outside has a stand-in. */
function environmentOf({ env = [], envFrom = [] }: Container): Record<string, string> {
  const maps = envFrom.map(
    ({ configMapRef }) =>
      ofKind(objects, 'ConfigMap').find(({ metadata }) => metadata.name === configMapRef?.name)?.data,
  )
  const own = env.map(({ name, value }) => [
    name,
    value?.replaceAll(/\$\((\w+)\)/g, 'stand-in') ?? 'stand-in',
  ])
  return Object.assign({}, ...maps, Object.fromEntries(own))
}

/** Every text in the sources of a program. */
function sourcesOf(folder: string): string {
  const files = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
  const sources = files.filter((file) => file.endsWith('.ts') && !file.includes('.test.'))
  return sources.map((file) => readFileSync(join(ROOT, folder, file), 'utf8')).join('\n')
}

/** Where the routes of our programs stand; of other images, the paths that their documentation has. */
const ROUTES: Readonly<Record<string, string | readonly string[]>> = {
  mailproxy: 'src/programs/proxy/api',
  mailhog: 'src/programs/sink',
  smtp: 'src/programs/smtp-server',
  client: 'src/programs/tenants',
  prometheus: ['/-/healthy', '/-/ready'],
  grafana: ['/api/health'],
  results: ['/'],
}

describeManifests('what manifests say of our programs', () => {
  test('the proxy takes all its variables', () => {
    const config = proxyConfigFromEnvironment(environmentOf(workload('mailproxy')))
    expect(config).toMatchObject({ host: '0.0.0.0', port: 8000, poolSize: 20, syncIntervalMs: 5_000 })
  })

  test('the SMTP servers take all their variables', () => {
    const environment = environmentOf(workload('smtp'))
    const config = readServerConfig(environment)
    expect(config).toMatchObject({ host: '0.0.0.0', port: 2525, controlPort: 8080, maxConnections: 100 })
    // Unknown names are ignored by that program, so they are looked for here.
    for (const name of Object.keys(environment))
      expect([sourcesOf('src/programs/smtp-server'), 'POD_NAME'].join()).toContain(name)
  })

  test('the sink takes all its variables', () => {
    expect(readSinkOptions(environmentOf(workload('mailhog')), []).spoolFolder).toBe('/spool')
  })

  test('the generators take all their variables', () => {
    const { RESULTS, JOB_UID, ...environment } = environmentOf(workload('load-generator'))
    // What deploy/images/generate.ts adds, once all have met.
    const agreed = { STRESS_RUN_ID: 'run1', STRESS_START_AT: '2026-11-22T10:00:00Z' }
    const given = { ...environment, ...agreed, STRESS_GENERATOR_INDEX: '0' }
    expect(readOptions(given).targets).toHaveLength(5)
    expect([RESULTS, JOB_UID]).toEqual(['/results', 'stand-in'])
  })

  test('images of others are those that mailstorm takes elsewhere', () => {
    const { postgresImage, monitoring } = readOptions({}).containers
    const { prometheusImage, grafanaImage } = monitoring
    const images = Object.fromEntries(
      workloadsOf(objects).map(({ name, container }) => [name, container.image]),
    )
    expect(images).toMatchObject({ db: postgresImage, prometheus: prometheusImage, grafana: grafanaImage })
  })

  test('the generators send to as many servers as there are', () => {
    const servers = ofKind(objects, 'StatefulSet').find(({ metadata }) => metadata.name === 'smtp')?.spec
      ?.replicas
    const targets = environmentOf(workload('load-generator')).SMTP_TARGETS?.split(',')
    expect(targets).toEqual(Array.from({ length: servers ?? 0 }, (_, index) => `smtp-${index}.smtp:2525`))
  })

  test.each(ours.map(({ name, container }) => [name, container] as const))(
    '%s runs a program that is there',
    (_name, { command, args = [] }) => {
      if (command === undefined) {
        const [name = '', ...flags] = args
        const help = execFileSync(process.execPath, ['src/cli.ts', name, '--help'], {
          cwd: ROOT,
          encoding: 'utf8',
        })
        expect(help).toContain(`mailstorm ${name}`)
        for (const flag of flags.filter((word) => word.startsWith('--'))) expect(help).toContain(flag)
      } else {
        expect(existsSync(join(ROOT, command[1] ?? ''))).toBe(true)
      }
    },
  )

  test.each(workloadsOf(objects).map((one) => [one.name, one] as const))(
    '%s: probes ask for paths that are answered',
    (_name, { labels, container }) => {
      const probes = [container.startupProbe, container.readinessProbe, container.livenessProbe]
      const paths = probes.flatMap((probe) => probe?.httpGet?.path ?? [])
      const routes = ROUTES[labels['app.kubernetes.io/name'] ?? ''] ?? []
      const known = typeof routes === 'string' ? sourcesOf(routes) : undefined
      for (const path of paths)
        expect(known === undefined ? routes.includes(path) : known.includes(`'${path}'`), path).toBe(true)
    },
  )
})
