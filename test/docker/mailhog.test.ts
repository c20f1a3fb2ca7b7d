// @module-tag long

import { describe, expect, test } from 'vitest'
import { NODE_IMAGE } from '../../containers/docker/options.ts'
import { testMailhogService } from '../../containers/mailhog.contract.ts'
import { dockerMailhog, dockerSink, MAILHOG_IMAGE } from '../../containers/mailhog.ts'
import { killService, whyNoDocker } from './engine.ts'

const { MAILHOG_IMAGE: image = MAILHOG_IMAGE } = process.env
const skipAll = await whyNoDocker(image)
const skipOurs = await whyNoDocker(process.env.NODE_IMAGE ?? NODE_IMAGE)

testMailhogService({
  implementation: 'docker',
  newService: (options) => dockerMailhog({ ...options, image }),
  kill: (mailhog) => killService(mailhog.name),
  ...(skipAll === undefined ? {} : { skipAll }),
})

describe('our sink', () => {
  const nodeImage = process.env.NODE_IMAGE ?? NODE_IMAGE
  testMailhogService({
    implementation: 'docker',
    newService: (options) => dockerSink({ ...options, nodeImage }),
    kill: (mailhog) => killService(mailhog.name),
    ...(skipOurs === undefined ? {} : { skipAll: skipOurs }),
  })

  test('keeps digests', async (context) => {
    if (skipOurs !== undefined) return context.skip(skipOurs)
    await using sink = await dockerSink({ nodeImage, digestOnly: true }).start()
    expect((await fetch(`${sink.apiUrl}/sink/digests`)).status).toBe(200)
  })
})

test('reaches the API below its web path', async (context) => {
  if (skipAll !== undefined) return context.skip(skipAll)
  await using mailhog = await dockerMailhog({ image, environment: { MH_UI_WEB_PATH: 'mail' } }).start()
  expect(mailhog.apiUrl).toMatch(/\/mail$/)
  expect(await mailhog.client.count()).toBe(0)
})

test('refuses what only our own MailHog can do, before anything is booted', async () => {
  await expect(dockerMailhog({ image, digestOnly: true }).start()).rejects.toThrow(
    'Failed to start mailhog: the real MailHog cannot keep digests.',
  )
})
