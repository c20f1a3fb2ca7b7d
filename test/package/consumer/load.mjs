import { once } from 'node:events'
import { runLoad, SmtpClient } from 'mailstorm/engine'
import { SMTPServer } from 'smtp-server'

const server = new SMTPServer({
  disabledCommands: ['AUTH', 'STARTTLS'],
  onData: (stream, _, done) => void stream.resume().once('end', done),
})
server.listen(0, '127.0.0.1')
await once(server.server, 'listening')
const target = `127.0.0.1:${server.server.address().port}`

const client = await SmtpClient.connect(target)
const reply = await client.send({
  from: 'sender@mailstorm.test',
  to: ['recipient@mailstorm.test'],
  message: 'Subject: one\n\nOne message by hand.\n',
})
await client.quit()
const { metrics, verdict } = await runLoad({
  targets: [target],
  executor: 'shared-iterations',
  messages: 200,
  workers: 4,
  size: 'small',
  thresholds: ['success_rate>=0.999'],
})
server.close()
console.log(JSON.stringify({ code: reply.code, accepted: metrics.successful_messages, verdict }))
