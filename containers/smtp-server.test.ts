import { testSmtpServer } from './smtp-server.contract.ts'
import { embeddedSmtpServer } from './smtp-server.ts'

testSmtpServer({
  implementation: 'embedded',
  newService: embeddedSmtpServer,
  kill: (server) => process.kill(server.pid, 'SIGKILL'),
})
