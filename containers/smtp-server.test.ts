import { testSmtpServer } from './smtp-server.contract.ts'
import { embeddedSmtpServer } from './smtp-server.ts'

testSmtpServer({
  implementation: 'embedded',
  newService: embeddedSmtpServer,
  kill: (server) => void process.kill(server.pid, 'SIGKILL'),
})
