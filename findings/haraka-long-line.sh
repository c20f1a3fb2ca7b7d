#!/usr/bin/env bash
# Haraka 3.3.4 (npm), as `haraka --install` configures it. Seen on 2026-11-30.
#
# A line of text may have 998 octets before its CRLF (RFC 5321 4.5.3.1.6, RFC 5322 2.1.1). Haraka breaks each line of more
# than 990 by CRLF and a space, and says 250: the text that is queued and delivered is another one, no DKIM signature of it
# holds, and the space stands in the middle of words. max.data_line_length of connection.ini is 992; 1000 takes all lines.
#
# Output seen:
#   990 octets: 990
#   991 octets: 990, 2 (from the second on behind a space)
#   998 octets: 990, 9 (from the second on behind a space)
set -eu -o pipefail
work=$(mktemp -d)
trap 'kill "$(cat "$work/pid" 2>/dev/null)" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund Haraka@3.3.4 2>/dev/null
node node_modules/Haraka/bin/haraka --install "$work/haraka" >/dev/null
printf 'rcpt_to.in_host_list\nsave\n' >haraka/config/plugins
echo example.test >haraka/config/host_list
cat >haraka/plugins/save.js <<'NODE'
// Its queue: a file.
exports.hook_queue = (next, { transaction }) => {
  const file = require('node:fs').createWriteStream('/WORK/message').on('close', () => next(OK))
  transaction.message_stream.pipe(file)
}
NODE
sed -i "s|/WORK|$work|" haraka/plugins/save.js
cat >send.cjs <<'NODE'
const { connect, createServer } = require('node:net')
const { readFileSync } = require('node:fs')
const { createInterface } = require('node:readline')

async function send(port, octets) {
  const socket = connect(port, '127.0.0.1')
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]()
  const commands = ['EHLO client.test', 'MAIL FROM:<a@example.test>', 'RCPT TO:<b@example.test>', 'DATA']
  for (const command of [...commands, `Subject: x\r\n\r\n${'x'.repeat(octets)}\r\n.`, 'QUIT']) {
    for (;;) {
      const { value } = await lines.next()
      if (!/^[23]/.test(value)) throw new Error(value)
      if (value[3] === ' ') break
    }
    socket.write(`${command}\r\n`)
  }
  for await (const line of lines) if (line.startsWith('221')) break
  const text = readFileSync('message', 'latin1').split('\r\n\r\n')[1]
  const got = text.trimEnd().split('\r\n')
  const behind = got.slice(1).every((line) => line[0] === ' ') && got.length > 1
  console.log(`${octets} octets: ${got.map(({ length }) => length).join(', ')}${behind ? ' (from the second on behind a space)' : ''}`)
}

if (process.argv[2] === undefined) {
  const free = createServer().listen(0, '127.0.0.1', () => {
    console.log(free.address().port)
    free.close()
  })
} else {
  const run = async () => {
    for (const octets of [990, 991, 998]) await send(Number(process.argv[2]), octets)
  }
  run()
}
NODE
port=$(node send.cjs)
echo "listen=127.0.0.1:$port" >haraka/config/smtp.ini
node node_modules/Haraka/bin/haraka --configs "$work/haraka" >haraka.log 2>&1 & echo $! >pid
until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do kill -0 "$(cat pid)"; sleep 0.1; done
node send.cjs "$port" | tee output
cat >expected <<'TEXT'
990 octets: 990
991 octets: 990, 2 (from the second on behind a space)
998 octets: 990, 9 (from the second on behind a space)
TEXT
diff expected output
