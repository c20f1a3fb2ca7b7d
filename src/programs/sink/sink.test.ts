import { ownTests } from './contract/own-tests.ts'
import { mailhogContract } from './mailhog.contract.ts'
import { readSinkOptions } from './options.ts'
import { startSink } from './sink.ts'

mailhogContract({
  name: 'the embedded MailHog',
  more: ownTests,
  async boot(environment) {
    const anyPort = '127.0.0.1:0'
    const bind = { MH_SMTP_BIND_ADDR: anyPort, MH_API_BIND_ADDR: anyPort, MH_UI_BIND_ADDR: anyPort }
    const sink = await startSink(readSinkOptions({ ...bind, ...environment }, []))
    const { smtpPort, apiPort } = sink
    return { smtpPort, apiUrl: `http://127.0.0.1:${apiPort}`, [Symbol.asyncDispose]: () => sink.close() }
  },
})
