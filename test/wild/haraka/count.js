// The queue: each message that Haraka took is one line, and is thrown away.
const { createWriteStream } = require('node:fs')

exports.register = () => {
  exports.taken = createWriteStream('/var/lib/taken', { flags: 'a' })
}

exports.hook_queue = (next, { transaction }) => {
  exports.taken.write(`${transaction.data_bytes} ${transaction.rcpt_to.length}\n`)
  next(OK)
}
