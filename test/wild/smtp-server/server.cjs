// smtp-server as it comes, but for the login that it asks for; each message that its handler was given is one line.
const { createWriteStream, readFileSync } = require('node:fs')
const { SMTPServer } = require('smtp-server')

const taken = createWriteStream('/var/lib/taken', { flags: 'a' })
new SMTPServer({
  authOptional: true,
  key: readFileSync('/etc/mailstorm/key.pem'),
  cert: readFileSync('/etc/mailstorm/cert.pem'),
  onData(stream, { envelope }, done) {
    let octets = 0
    stream.on('data', (chunk) => {
      octets += chunk.length
    })
    stream.on('end', () => {
      taken.write(`${octets} ${envelope.rcptTo.length}\n`)
      done()
    })
  },
}).listen(Number(process.argv[2]), '127.0.0.1')
