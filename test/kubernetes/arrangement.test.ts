import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { describeManifests, ofKind, renderAll, workloadsOf } from './manifests.ts'

const ROOT = join(import.meta.dirname, '../..')
const objects = renderAll()
const workloads = workloadsOf(objects)
const has = (kind: string, name: string) =>
  ofKind(objects, kind).some(({ metadata }) => metadata.name === name)

/** "Kubernetes Migration" in the README of genro-mail-proxy's pressure test. */
const MAPPING = [
  ['mailproxy', ['Deployment', 'Service', 'HorizontalPodAutoscaler']],
  ['db', ['StatefulSet', 'Service']],
  ['mailhog', ['Deployment', 'Service']],
  ['prometheus', ['Deployment', 'PersistentVolumeClaim', 'Service']],
  ['grafana', ['Deployment', 'PersistentVolumeClaim', 'Service']],
  ['client-high-volume', ['Deployment', 'Service']],
  ['client-standard', ['Deployment', 'Service']],
  ['client-newsletter', ['Deployment', 'Service']],
  ['client-documents', ['Deployment', 'Service']],
  ['setup', ['Job']],
] as const

describeManifests('the arrangement', () => {
  test.each(MAPPING)('%s becomes the documented resources', (name, kinds) => {
    for (const kind of kinds) expect(has(kind, name), kind).toBe(true)
  })

  test('the database and the two of monitoring keep their data', () => {
    const db = workloads.find(({ name }) => name === 'db')
    expect(db?.object.spec?.volumeClaimTemplates?.map(({ metadata }) => metadata.name)).toEqual(['data'])
    for (const name of ['prometheus', 'grafana']) {
      const volumes = workloads.find((workload) => workload.name === name)?.pod.volumes ?? []
      expect(volumes.some(({ persistentVolumeClaim: claim }) => claim?.claimName === name)).toBe(true)
      expect(volumes.some(({ configMap }) => configMap !== undefined)).toBe(true)
    }
  })

  test('only the autoscaler sets the number of proxies', () => {
    const [scaler] = ofKind(objects, 'HorizontalPodAutoscaler')
    expect(scaler?.spec?.scaleTargetRef).toMatchObject({ kind: 'Deployment', name: 'mailproxy' })
    const proxy = workloads.find(({ name }) => name === 'mailproxy')
    expect(proxy?.object.spec?.replicas).toBeUndefined()
    // A share of what is requested: without a request there is nothing to reckon from.
    expect(proxy?.container.resources?.requests?.cpu).toBeDefined()
  })

  test('the database has connections for as many proxies as there may be', () => {
    const proxies = ofKind(objects, 'HorizontalPodAutoscaler')[0]?.spec?.maxReplicas ?? Number.NaN
    const settings = ofKind(objects, 'ConfigMap').find(({ metadata }) =>
      metadata.name.startsWith('mailproxy-'),
    )
    const pool = Number(settings?.data?.GMP_DB_POOL_SIZE)
    const db = workloads.find(({ name }) => name === 'db')?.container.args ?? []
    const most = Number(db.find((arg) => arg.startsWith('-cmax_connections='))?.split('=')[1])
    // And one of each that listens for notifications; a new proxy starts before an old one has ended.
    expect((proxies + 1) * (pool + 1)).toBeLessThan(most)
  })

  test('the generators of the job know how many they are', () => {
    const job = workloads.find(({ name }) => name === 'load-generator')
    const { completions, parallelism } = job?.object.spec ?? {}
    const told = job?.container.env?.find(({ name }) => name === 'STRESS_GENERATORS')?.value
    expect([parallelism, told]).toEqual([completions, String(completions)])
  })

  test.each(workloads.map((workload) => [workload.name, workload] as const))(
    '%s: one container with limits, no token of the cluster, no variables of services',
    (_name, { pod, container }) => {
      expect(pod.containers).toHaveLength(1)
      expect(pod).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false })
      for (const amounts of [container.resources?.requests, container.resources?.limits])
        expect(Object.keys(amounts ?? {}).toSorted()).toEqual(['cpu', 'memory'])
    },
  )

  test.each(workloads.map(({ name, container }) => [name, container] as const))(
    '%s: a busy machine may take 5 s to answer a probe; one that is not ready has no name in the cluster',
    (_name, { startupProbe, readinessProbe, livenessProbe }) => {
      const probes = [startupProbe, readinessProbe, livenessProbe].filter((probe) => probe !== undefined)
      // Kubernetes waits for 1 s where nothing is said.
      for (const { timeoutSeconds = 1 } of probes) expect(timeoutSeconds).toBeGreaterThanOrEqual(5)
    },
  )

  test('every object is in the one namespace', () => {
    const elsewhere = objects.filter(
      ({ kind, metadata }) => kind !== 'Namespace' && metadata.namespace !== 'mailstorm',
    )
    expect(elsewhere.map(({ metadata }) => metadata.name)).toEqual([])
    expect(ofKind(objects, 'Namespace').every(({ metadata }) => metadata.name === 'mailstorm')).toBe(true)
  })
})

test('the repository contains no secret', () => {
  const kubernetes = join(ROOT, 'deploy/kubernetes')
  const example = readFileSync(join(kubernetes, 'secrets.env.example'), 'utf8')
  for (const [, name, value] of example.matchAll(/^(\w+)=(.*)$/gm))
    if (name !== 'GF_SECURITY_ADMIN_USER') expect(value, name).toBe('')
  // Exit code 0: git leaves it out.
  execFileSync('git', ['check-ignore', 'deploy/kubernetes/secrets.env'], { cwd: ROOT })
})
