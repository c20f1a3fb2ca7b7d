import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { stress } from '../e2e/stress.ts'

const NOWHERE = 'unix:///nowhere/docker.sock'

test('auto uses processes of this machine, and says why', { tags: 'long' }, async () => {
  const run = await stress('quick', { STRESS_BACKEND: 'auto', DOCKER_HOST: NOWHERE })
  expect(run.exitCode).toBe(0)
  const why = `the default without containers: could not find a container engine: none answers at DOCKER_HOST=${NOWHERE}`
  expect(run.output).toContain(`Backend: embedded (${why})`)
  expect(run.result?.backend).toEqual({ name: 'embedded', why })
})

test('docker without an engine is one message with what to do', { tags: 'long' }, async () => {
  const run = await stress('quick', { STRESS_BACKEND: 'docker', DOCKER_HOST: NOWHERE })
  expect(run.exitCode).toBe(1)
  expect(run.output).toMatch(
    /Failed to find a container engine: none answers at DOCKER_HOST=\S+\.\n.*Start Docker.*STRESS_BACKEND=embedded/,
  )
  expect(run.output).not.toMatch(/\n\s+at /)
  expect(run.result).toBeUndefined()
})

test('an engine that accepts the connection and says nothing is given up after 3 s', {
  tags: 'long',
}, async () => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1')
  onTestFinished(() => void silent.close())
  await once(silent, 'listening')
  const { port } = silent.address() as { port: number }
  const address = `tcp://127.0.0.1:${port}`
  const run = await stress('quick', { STRESS_BACKEND: 'auto', DOCKER_HOST: address })
  expect(run.exitCode).toBe(0)
  expect(run.result?.backend.why).toContain(`${address} did not answer within 3 s`)
})
