import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe } from 'vitest'
import { parseAllDocuments } from 'yaml'

/** What is read of an object here; the validator checks the rest. */
export interface KubeObject {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Labels }
  readonly spec?: ObjectSpec
  readonly data?: Readonly<Record<string, string>>
}

export type Labels = Readonly<Record<string, string>>

interface ObjectSpec {
  readonly replicas?: number
  readonly completions?: number
  readonly parallelism?: number
  readonly serviceName?: string
  readonly maxReplicas?: number
  readonly scaleTargetRef?: { readonly kind: string; readonly name: string }
  /** Of a Service: labels; of a workload: matchLabels. */
  readonly selector?: Labels & { readonly matchLabels?: Labels }
  readonly ports?: readonly { readonly name: string; readonly port: number; readonly targetPort: string }[]
  readonly template?: { readonly metadata: { readonly labels: Labels }; readonly spec: PodSpec }
  readonly volumeClaimTemplates?: readonly KubeObject[]
}

export interface PodSpec {
  readonly enableServiceLinks?: boolean
  readonly automountServiceAccountToken?: boolean
  readonly containers: readonly Container[]
  readonly volumes?: readonly Volume[]
}

export interface Container {
  readonly name: string
  readonly image: string
  readonly command?: readonly string[]
  readonly args?: readonly string[]
  readonly env?: readonly EnvVariable[]
  readonly envFrom?: readonly { readonly configMapRef?: Named; readonly secretRef?: Named }[]
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[]
  readonly resources?: { readonly requests?: Labels; readonly limits?: Labels }
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[]
  readonly startupProbe?: Probe
  readonly readinessProbe?: Probe
  readonly livenessProbe?: Probe
}

export interface EnvVariable {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: { readonly secretKeyRef?: KeyOf; readonly configMapKeyRef?: KeyOf }
}

export interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string }
  readonly timeoutSeconds?: number
}

export interface Volume {
  readonly name: string
  readonly configMap?: Named
  readonly secret?: { readonly secretName: string }
  readonly persistentVolumeClaim?: { readonly claimName: string }
}

type Named = { readonly name: string }
type KeyOf = Named & { readonly key: string }

/** A Deployment, StatefulSet or Job, and its pod. */
export interface Workload {
  readonly object: KubeObject
  readonly name: string
  readonly labels: Labels
  readonly pod: PodSpec
  readonly container: Container
}

const ROOT = join(import.meta.dirname, '../..')

/** Why the manifests cannot be rendered here; undefined when they can. */
export const noKubectl: string | undefined =
  spawnSync('kubectl', ['version', '--client']).status === 0 ? undefined : 'there is no kubectl here'

/** As `describe`; skipped, with the reason, where nothing can be rendered. */
export function describeManifests(title: string, body: () => void): void {
  const full = noKubectl === undefined ? title : `${title} (skipped: ${noKubectl})`
  describe.skipIf(noKubectl !== undefined)(full, body)
}

/** The folders of deploy/kubernetes that are applied. */
export const APPLIED = ['.', 'namespace', 'load'] as const

/** A copy of deploy/ with secrets, as a user has it who has filled in the example. */
export function deployCopy(): { folder: string; render(applied: string): string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'deploy-'))
  cpSync(join(ROOT, 'deploy'), join(folder, 'deploy'), { recursive: true })
  const kubernetes = join(folder, 'deploy/kubernetes')
  const example = readFileSync(join(kubernetes, 'secrets.env.example'), 'utf8')
  writeFileSync(join(kubernetes, 'secrets.env'), example.replaceAll(/=$/gm, '=not-a-secret'))
  return {
    folder: kubernetes,
    render: (applied) =>
      execFileSync('kubectl', ['kustomize', join(kubernetes, applied)], { encoding: 'utf8', stdio: 'pipe' }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** All objects of all folders that are applied. */
export function renderAll(): KubeObject[] {
  if (noKubectl !== undefined) return []
  const copy = deployCopy()
  try {
    return APPLIED.flatMap((applied) => objectsIn(copy.render(applied)))
  } finally {
    copy.remove()
  }
}

export function objectsIn(text: string): KubeObject[] {
  return parseAllDocuments(text).map((document) => document.toJS() as KubeObject)
}

export function workloadsOf(objects: readonly KubeObject[]): Workload[] {
  return objects.flatMap((object) => {
    const template = object.spec?.template
    const container = template?.spec.containers[0]
    if (template === undefined || container === undefined) return []
    const { metadata, spec: pod } = template
    return [{ object, name: object.metadata.name, labels: metadata.labels, pod, container }]
  })
}

export const ofKind = (objects: readonly KubeObject[], kind: string) =>
  objects.filter((object) => object.kind === kind)

/** Whether the labels have all that a selector asks for. */
export function selects(selector: Labels, labels: Labels): boolean {
  return Object.entries(selector).every(([name, value]) => labels[name] === value)
}
