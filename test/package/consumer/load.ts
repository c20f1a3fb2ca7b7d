import { runLoad, SmtpClient } from 'mailstorm/engine'

const [target = ''] = process.argv.slice(2)
await using client = await SmtpClient.connect(target)
const reply = await client.send({
  from: 'sender@mailstorm.test',
  to: ['recipient@mailstorm.test'],
  message: 'Subject: one\r\n\r\nOne message by hand.\r\n',
})
const { metrics, thresholds } = await runLoad({
  targets: [target],
  executor: 'shared-iterations',
  messages: 200,
  workers: 4,
  size: 'small',
  thresholds: ['success_rate>=0.999'],
})
console.log(JSON.stringify({ reply: reply.code, accepted: metrics.successful_messages, thresholds }))
