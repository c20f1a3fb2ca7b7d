import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { APPLIED, deployCopy, noKubectl } from './manifests.ts'

/** The program of the folder `validate` beside this file: `go build -o … .` there, or `go run .` by hand. */
const validator = process.env.KUBERNETES_VALIDATOR
const skip = noKubectl ?? (validator === undefined ? 'KUBERNETES_VALIDATOR names no validator' : undefined)

type Change = (text: string) => string
const nothing: Change = (text) => text

/** Renders a copy whose kustomization was changed, changes what comes out, and has that validated. */
function validate(applied: string, { kustomization = nothing, rendered = nothing }) {
  const copy = deployCopy()
  try {
    const path = join(copy.folder, applied, 'kustomization.yaml')
    writeFileSync(path, kustomization(readFileSync(path, 'utf8')))
    const input = rendered(copy.render(applied))
    const { status, stdout, stderr } = spawnSync(validator ?? '', [], { input, encoding: 'utf8' })
    return { status, output: stdout + stderr, rendered: input }
  } finally {
    copy.remove()
  }
}

/** A change that must find what it is to change. */
const replaced =
  (from: string, to: string): Change =>
  (text) => {
    expect(text).toContain(from)
    return text.replace(from, to)
  }

const SOUND = { status: 0, output: expect.stringMatching(/^\d+ objects, 0 problems\n$/) }

test.for([...APPLIED, 'try/load', 'try/pressure'])(
  '%s: the API server would take every object',
  (applied, context) => {
    if (skip !== undefined) return context.skip(skip)
    expect(validate(applied, {})).toMatchObject(SOUND)
  },
)

test.for([
  ['components/real-mailhog', '.', 'image: mailhog/mailhog:v1.0.1'],
  ['components/real-mailhog', '.', '- --max-attachment-bytes'],
  ['../components/one-node', 'load', '- ReadWriteOnce'],
] as const)('%s can be added to %s: %s', ([component, applied, shows], context) => {
  if (skip !== undefined) return context.skip(skip)
  const kustomization = replaced('components:', `components:\n  - ${component}`)
  expect(validate(applied, {}).rendered).not.toContain(shows)
  const result = validate(applied, { kustomization })
  expect(result.rendered).toContain(shows)
  expect(result).toMatchObject(SOUND)
})

const BREAKS = [
  [
    'an unknown field',
    'terminationGracePeriodSeconds',
    'terminationGraceSeconds',
    'unknown field "spec.template.spec.terminationGraceSeconds"',
  ],
  [
    'a text where a number belongs',
    'maxReplicas: 5',
    'maxReplicas: five',
    'cannot unmarshal string into Go struct field',
  ],
  [
    'a number where a text belongs',
    'value: mailproxy',
    'value: 5',
    'cannot unmarshal number into Go struct field',
  ],
  [
    'a field given twice',
    'maxReplicas: 5',
    'maxReplicas: 5\n  maxReplicas: 6',
    'key "maxReplicas" already set in map',
  ],
  [
    'an unknown kind',
    'kind: HorizontalPodAutoscaler',
    'kind: HorizontalAutoscaler',
    'no kind "HorizontalAutoscaler" is registered',
  ],
  [
    'a kind of a past version',
    'apiVersion: autoscaling/v2',
    'apiVersion: autoscaling/v2beta2',
    'no kind "HorizontalPodAutoscaler" is registered for version "autoscaling/v2beta2"',
  ],
  [
    'a quantity that is none',
    'memory: 512Mi',
    'memory: 512MB',
    'quantities must match the regular expression',
  ],
  ['a limit below its request', 'memory: 512Mi', 'memory: 1Mi', 'must be less than or equal to memory limit'],
  ['a name that cannot be one', 'name: setup', 'name: Set_Up', 'a lowercase RFC 1123'],
  ['a policy that does not exist', 'restartPolicy: OnFailure', 'restartPolicy: Sometimes', 'restartPolicy'],
  [
    'a container that may become root',
    'allowPrivilegeEscalation: false',
    'allowPrivilegeEscalation: true',
    'pod security',
  ],
] as const

test.for(BREAKS)('refuses %s', ([, from, to, problem], context) => {
  if (skip !== undefined) return context.skip(skip)
  const { status, output } = validate('.', { rendered: replaced(from, to) })
  expect(output).toContain(problem)
  expect(status).toBe(1)
})

test('refuses a deployment whose selector is not that of its pods', (context) => {
  if (skip !== undefined) return context.skip(skip)
  const rendered: Change = (text) =>
    text.replace(/(matchLabels:\n\s+app\.kubernetes\.io\/name: )mailproxy/, '$1other')
  const { status, output } = validate('.', { rendered })
  expect(output).toContain('`selector` does not match template `labels`')
  expect(status).toBe(1)
})

test('does not pass an empty manifest', (context) => {
  if (skip !== undefined) return context.skip(skip)
  expect(validate('.', { rendered: () => '---\n' })).toMatchObject({
    status: 2,
    output: 'Failed to read manifests: there is no manifest on the standard input\n',
  })
})
