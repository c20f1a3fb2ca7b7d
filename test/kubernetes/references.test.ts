import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { describeManifests, ofKind, renderAll, selects, workloadsOf } from './manifests.ts'

const ROOT = join(import.meta.dirname, '../..')
const objects = renderAll()
const workloads = workloadsOf(objects)
const services = ofKind(objects, 'Service')
const names = (kind: string) => ofKind(objects, kind).map(({ metadata }) => metadata.name)
const each = workloads.map((workload) => [workload.name, workload] as const)

describeManifests('what manifests say of each other', () => {
  test.each(each)('%s selects its own pods', (_name, { object, labels }) => {
    const own = object.spec?.selector?.matchLabels
    if (object.kind === 'Job') expect(own).toBeUndefined()
    else expect(own !== undefined && selects(own, labels)).toBe(true)
  })

  test('no two workloads select the same pods', () => {
    for (const { name, labels } of workloads) {
      const others = workloads.filter(({ object, name: other }) => {
        const selector = object.spec?.selector?.matchLabels
        return other !== name && selector !== undefined && selects(selector, labels)
      })
      expect(
        others.map(({ name: other }) => other),
        name,
      ).toEqual([])
    }
  })

  test.each(services.map((service) => [service.metadata.name, service] as const))(
    'the service %s leads to one workload, and to ports that it has',
    (_name, { spec }) => {
      const behind = workloads.filter(({ labels }) => selects(spec?.selector ?? {}, labels))
      expect(behind).toHaveLength(1)
      const ports = behind[0]?.container.ports?.map(({ name }) => name)
      for (const { targetPort } of spec?.ports ?? []) expect(ports).toContain(targetPort)
    },
  )

  test('each stateful set has the service that names its pods', () => {
    for (const { spec } of ofKind(objects, 'StatefulSet'))
      expect(names('Service')).toContain(spec?.serviceName)
  })

  test.each(each)('%s: config maps, secrets and their keys exist', (_name, { pod, container }) => {
    for (const { configMapRef } of container.envFrom ?? [])
      expect(names('ConfigMap')).toContain(configMapRef?.name)
    for (const { valueFrom } of container.env ?? []) {
      const { secretKeyRef: secret, configMapKeyRef: config } = valueFrom ?? {}
      const [kind, key] = secret === undefined ? ['ConfigMap', config] : ['Secret', secret]
      if (key === undefined) continue
      const source = ofKind(objects, kind).find(({ metadata }) => metadata.name === key.name)
      expect(Object.keys(source?.data ?? {}), `${kind} ${key.name}`).toContain(key.key)
    }
    for (const { configMap, secret } of pod.volumes ?? []) {
      if (configMap !== undefined) expect(names('ConfigMap')).toContain(configMap.name)
      if (secret !== undefined) expect(names('Secret')).toContain(secret.secretName)
    }
  })

  test.each(each)(
    '%s: every mount has its volume, and every volume its claim',
    (_name, { object, pod, container }) => {
      const own = object.spec?.volumeClaimTemplates?.map(({ metadata }) => metadata.name) ?? []
      const volumes = pod.volumes ?? []
      const mounted = container.volumeMounts?.map(({ name }) => name) ?? []
      expect(mounted.toSorted()).toEqual([...own, ...volumes.map(({ name }) => name)].toSorted())
      for (const { persistentVolumeClaim: claim } of volumes)
        if (claim !== undefined) expect(names('PersistentVolumeClaim')).toContain(claim.claimName)
    },
  )

  test.each(each)('%s: probes ask ports that the container has', (_name, { container }) => {
    const ports = container.ports?.map(({ name }) => name)
    for (const probe of [container.startupProbe, container.readinessProbe, container.livenessProbe])
      if (probe?.httpGet !== undefined) expect(ports).toContain(probe.httpGet.port)
  })

  test('host names in the variables are those of services', () => {
    const hosts = workloads.flatMap(({ container }) =>
      (container.env ?? []).flatMap(({ value = '' }) =>
        [...value.matchAll(/(?:@|\/\/|\.)([a-z-]+):\d+/g)].map((hit) => hit[1]),
      ),
    )
    expect(hosts).not.toEqual([])
    for (const host of hosts) expect(names('Service')).toContain(host)
  })

  test('Prometheus looks for services and ports that are there, under the names that dashboards know', () => {
    const config = ofKind(objects, 'ConfigMap').find(({ metadata }) =>
      metadata.name.startsWith('prometheus-'),
    )
    const scrapes = scrapesIn(config?.data?.['prometheus.yml'] ?? '')
    const elsewhere = scrapesIn(readFileSync(join(ROOT, 'deploy/monitoring/prometheus.yml'), 'utf8'))
    expect(scrapes.map(({ job_name }) => job_name).toSorted()).toEqual(
      elsewhere.map(({ job_name }) => job_name).toSorted(),
    )
    for (const { dns_sd_configs: lookups = [] } of scrapes)
      for (const { names: hosts, port } of lookups) {
        const service = services.find(({ metadata }) => hosts.includes(metadata.name))
        expect(
          service?.spec?.ports?.map((one) => one.port),
          hosts.join(),
        ).toContain(port)
      }
  })
})

interface Scrape {
  readonly job_name: string
  readonly dns_sd_configs?: readonly { readonly names: readonly string[]; readonly port: number }[]
}

function scrapesIn(text: string): Scrape[] {
  return (parse(text) as { scrape_configs: Scrape[] }).scrape_configs
}
