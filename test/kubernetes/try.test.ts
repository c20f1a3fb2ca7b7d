import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { deployCopy, describeManifests, objectsIn, workloadsOf } from './manifests.ts'

// deploy/kubernetes/try builds a cluster of its own, which takes half an hour the first time: what can be said of it
// without one is said here.
const TRY = join(import.meta.dirname, '../../deploy/kubernetes/try')
const read = (name: string) => readFileSync(join(TRY, name), 'utf8')
const lib = read('lib.sh')

test('the version that is built is the one that the programs say they are', () => {
  const [, version] = /^kubernetes_version=(v\S+)$/m.exec(lib) ?? []
  const module = read('programs/kubernetes/go.mod')
  expect(module).toMatch(new RegExp(`\\tk8s\\.io/kubernetes ${version}( |$)`, 'm'))
  // Staging modules are released with the same minor and patch, below major 1.
  const replaced = [...module.matchAll(/^\tk8s\.io\/\S+ => k8s\.io\/\S+ (v\S+)$/gm)].map(([, to]) => to)
  expect(new Set(replaced)).toEqual(new Set([version?.replace('v1.', 'v0.')]))
})

test('pods ask the name server where its Service is', () => {
  const [, address] = /^names_service=(\S+)$/m.exec(lib) ?? []
  expect(read('cluster/names.yaml')).toContain(`clusterIP: ${address}\n`)
})

const programs = readdirSync(TRY, { withFileTypes: true })
  .filter((entry) => entry.isFile() && read(entry.name).startsWith('#!'))
  .map(({ name }) => name)

test.for(programs)('%s is a script that bash reads', (name) => {
  expect(spawnSync('bash', ['-n', join(TRY, name)], { encoding: 'utf8' })).toMatchObject({
    status: 0,
    stderr: '',
  })
})

describeManifests('what is applied to it', () => {
  const copy = deployCopy()
  const rendered = ['try/load', 'try/pressure'].flatMap((applied) => objectsIn(copy.render(applied)))
  copy.remove()
  const system = ['names', 'metrics'].flatMap((name) => objectsIn(read(`cluster/${name}.yaml`)))
  const build = read('build-images')

  test.each(
    workloadsOf([...rendered, ...system]).map(({ name, container }) => [name, container.image] as const),
  )('%s has an image that is built here: no registry is reached', (_name, image) =>
    expect(build).toContain(image),
  )
})
