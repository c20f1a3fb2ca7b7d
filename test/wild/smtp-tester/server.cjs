// smtp-tester as its README starts it; each message that it hands on is one line.
const { createWriteStream } = require('node:fs')
const { init } = require('smtp-tester')

const taken = createWriteStream('/var/lib/taken', { flags: 'a' })
// Its only argument goes to net.Server.listen() as it is; a port alone would listen on all addresses.
const mailServer = init({ port: Number(process.argv[2]), host: '127.0.0.1' })
mailServer.bind((_address, _id, { data, receivers }) => {
  taken.write(`${data.length} ${Object.keys(receivers).length}\n`)
})
