// smtp-protocol as its README starts it, for any recipient; each message that it hands on is one line.
const { createWriteStream, readFileSync } = require('node:fs')
const smtp = require('smtp-protocol')

const taken = createWriteStream('/var/lib/taken', { flags: 'a' })
const options = {
  domain: 'mx.mailstorm.test',
  key: readFileSync('/etc/mailstorm/key.pem'),
  cert: readFileSync('/etc/mailstorm/cert.pem'),
}
smtp
  .createServer(options, (request) => {
    request.on('message', (stream, ack) => {
      let octets = 0
      // It hands the text on as strings.
      stream.on('data', (text) => {
        octets += Buffer.byteLength(text)
      })
      stream.on('end', () => taken.write(`${octets} ${request.to.length}\n`))
      ack.accept()
    })
  })
  .listen(Number(process.argv[2]), '127.0.0.1')
