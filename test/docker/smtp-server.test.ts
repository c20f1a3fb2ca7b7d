import { beforeAll } from 'vitest'
import { Engine } from '../../containers/docker/engine.ts'
import { testSmtpServer } from '../../containers/smtp-server.contract.ts'
import { dockerSmtpServer, NODE_IMAGE, smtpServerImage } from '../../containers/smtp-server-docker.ts'
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
  ...(skipAll === undefined ? {} : { skipAll }),
})
