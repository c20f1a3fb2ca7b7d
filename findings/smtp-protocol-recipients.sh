#!/usr/bin/env bash
# smtp-protocol 2.4.7 (npm), a library for SMTP servers and clients, with the server of its README. Seen on 2026-11-30.
#
#  - A transaction does not end with its message (RFC 5321 3.3, 4.1.1.4): the next message of the session is handed on for
#    the recipients of the one before it, too, unless RSET is sent between them. EHLO does not help: the second is a 502.
#  - MAIL FROM:<>, the sender of every bounce (RFC 5321 4.5.5), is answered with 250, and the DATA behind it with
#    "503 Bad sequence: MAIL expected".
#
# Output seen:
#   message 1: from a@example.test to one@example.test
#   message 2: from a@example.test to one@example.test,two@example.test
#   message 3, after RSET: from a@example.test to three@example.test
#   EHLO again: 502 Not implemented.
#   bounce: MAIL 250 OK, RCPT 250 OK, DATA 503 Bad sequence: MAIL expected
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund smtp-protocol@2.4.7
cat >talk.cjs <<'NODE'
const { createServer } = require('smtp-protocol')
const { connect } = require('node:net')
const { createInterface } = require('node:readline')

// Handlers as its README has them.
const server = createServer((request) => {
  request.on('message', (stream, ack) => {
    server.emit('got', `from ${request.from} to ${request.to}`)
    stream.resume()
    ack.accept()
  })
})

async function session() {
  const socket = connect(server.address().port, '127.0.0.1')
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]()
  const reply = async () => {
    for (;;) {
      const { value } = await lines.next()
      if (value[3] !== '-') return value
    }
  }
  await reply()
  const say = async (line) => {
    socket.write(`${line}\r\n`)
    return reply()
  }
  await say('EHLO client.test')
  return { say, end: () => socket.end('QUIT\r\n') }
}

async function message({ say }, recipient) {
  let got
  server.once('got', (said) => {
    got = said
  })
  await say('MAIL FROM:<a@example.test>')
  await say(`RCPT TO:<${recipient}@example.test>`)
  await say('DATA')
  await say('Subject: x\r\n\r\nx\r\n.')
  return got
}

server.listen(0, '127.0.0.1', async () => {
  const first = await session()
  console.log(`message 1: ${await message(first, 'one')}`)
  console.log(`message 2: ${await message(first, 'two')}`)
  await first.say('RSET')
  console.log(`message 3, after RSET: ${await message(first, 'three')}`)
  console.log(`EHLO again: ${await first.say('EHLO client.test')}`)
  first.end()
  const second = await session()
  const mail = await second.say('MAIL FROM:<>')
  const rcpt = await second.say('RCPT TO:<a@example.test>')
  console.log(`bounce: MAIL ${mail}, RCPT ${rcpt}, DATA ${await second.say('DATA')}`)
  second.end()
  server.close()
})
NODE
node talk.cjs | tee output
cat >expected <<'TEXT'
message 1: from a@example.test to one@example.test
message 2: from a@example.test to one@example.test,two@example.test
message 3, after RSET: from a@example.test to three@example.test
EHLO again: 502 Not implemented.
bounce: MAIL 250 OK, RCPT 250 OK, DATA 503 Bad sequence: MAIL expected
TEXT
diff expected output
