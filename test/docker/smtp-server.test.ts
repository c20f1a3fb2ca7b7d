// @module-tag long

import { beforeAll } from 'vitest'
import { Engine } from '../../containers/docker/engine.ts'
import { NODE_IMAGE } from '../../containers/docker/options.ts'
import { testSmtpServer } from '../../containers/smtp-server.contract.ts'
import { dockerSmtpServer, smtpServerImage } from '../../containers/smtp-server.ts'
import { killService, whyNoDocker } from './engine.ts'

const { NODE_IMAGE: nodeImage = NODE_IMAGE } = process.env
const skipAll = await whyNoDocker(nodeImage)

beforeAll(async () => {
  if (skipAll === undefined) await smtpServerImage(await Engine.connect(), { nodeImage })
})

testSmtpServer({
  implementation: 'docker',
  newService: (options) => dockerSmtpServer({ ...options, nodeImage }),
  kill: (server) => killService(server.name),
  skip: [
    {
      reason: 'containers are not started again; start --restart says so',
      tests: ['starts again on its ports, and its ledger goes on'],
    },
    {
      reason: 'the process is on the machine of the engine',
      tests: ['tells what it had acknowledged also when it was told to end from outside'],
    },
  ],
  ...(skipAll === undefined ? {} : { skipAll }),
})
