#!/usr/bin/env bash
# mailhog 4.16.0 and mailhog-awesome 0.1.4 (npm), against MailHog 1.0.1 (Go), mail sent by nodemailer 10.6.0.
# Seen on 2026-11-30. Needs go, which builds MailHog from its public modules.
#
# `mailhog`, the usual client of MailHog in Node test suites, reads what MailHog itself stores without loss, and
#   - looks for the text in the parts of the first level only: a message with text, HTML and an attachment, which every
#     mailer nests as mixed > alternative (RFC 2046, 5.1.4), has neither text nor html;
#   - decodes Q-encoded headers without RFC 2047: "_" stays where a space was (4.2), and the white space between two
#     encoded words stays too (6.2), in the middle of a word;
#   - lists no attachment whose name is written after RFC 2231 (filename*0*=).
# `mailhog-awesome`, on top of it, takes an inbox by the whole value of the header To: of a message to
# "Ann Lee <ann@example.com>" the inbox ann@example.com knows nothing, and clearInbox() says true and deletes nothing.
# Installed alone it cannot be loaded at all: it requires tslib, which it does not declare.
#
# Output seen:
#   mailhog-awesome alone: Cannot find module 'tslib'
#   text, HTML: text hello, html <p>hello</p>, attachments none
#   text, HTML, attachment: text undefined, html undefined, attachments a.pdf
#   attachment named "für.pdf": attachments none
#   subject "größe klein": größe_klein
#   long subject: one space too many in it: true
#   inbox of ann@example.com: 0 of 5, cleared: true, left: 5
set -eu -o pipefail
command -v go >/dev/null || { echo "skipped: go is needed to build MailHog"; exit 0; }
work=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
cat >go.mod <<'GO'
module finding.test/mailhog
go 1.24
require (
	github.com/mailhog/MailHog v1.0.1
	github.com/gorilla/pat v1.0.2
	github.com/ian-kent/envconf v0.0.0-20141026121121-c19809918c02
	github.com/ian-kent/go-log v0.0.0-20160113211217-5731446c36ab
	github.com/mailhog/MailHog-Server v1.0.1
	github.com/mailhog/MailHog-UI v1.0.1
	github.com/mailhog/http v1.0.1
	github.com/mailhog/mhsendmail v0.2.0
	golang.org/x/crypto v0.58.0
	github.com/ian-kent/goose v0.0.0-20141221090059-c3541ea826ad
	github.com/ian-kent/linkio v0.0.0-20170807205755-97566b872887
	gopkg.in/check.v1 v1.0.0-20201130134442-10cb98267c6c
)
GO
CGO_ENABLED=0 go build -mod=mod -o MailHog github.com/mailhog/MailHog 2>build.log || { cat build.log; exit 1; }
npm init -y >/dev/null
npm install --silent --no-audit --no-fund mailhog@4.16.0 mailhog-awesome@0.1.4
node -e "require('mailhog-awesome')" 2>error || true
echo "mailhog-awesome alone: $(grep -o "Cannot find module 'tslib'" error || echo loaded)" | tee output
npm install --silent --no-audit --no-fund tslib@2.8.1 nodemailer@10.6.0
read -r smtp http < <(node -e "
const { createServer } = require('node:net')
const open = () => new Promise((done) => { const s = createServer().listen(0, '127.0.0.1', () => done(s)) })
Promise.all([open(), open()]).then((servers) => { console.log(...servers.map((s) => s.address().port)); servers.forEach((s) => s.close()) })")
./MailHog -smtp-bind-addr "127.0.0.1:$smtp" -api-bind-addr "127.0.0.1:$http" -ui-bind-addr "127.0.0.1:$http" >mailhog.log 2>&1 &
pid=$!
until node -e "require('node:net').connect($smtp, '127.0.0.1').on('connect', () => process.exit()).on('error', () => process.exit(1))"; do
  kill -0 $pid
  sleep 0.2
done
cat >look.cjs <<'NODE'
const nodemailer = require('nodemailer')
const mailhog = require('mailhog')
const { MailhogClient } = require('mailhog-awesome')
const [smtp, http] = process.argv.slice(2).map(Number)
const api = { host: '127.0.0.1', port: http }
const long = 'Rechnung für März: dreißig Euro, und ein Rest, der so lang ist, dass die Zeile umbricht'

async function main() {
  const transport = nodemailer.createTransport({ host: '127.0.0.1', port: smtp })
  const both = { from: 'shop@example.com', to: 'Ann Lee <ann@example.com>', text: 'hello', html: '<p>hello</p>' }
  const file = (filename) => [{ filename, content: Buffer.from('%PDF') }]
  await transport.sendMail({ ...both, subject: '1' })
  await transport.sendMail({ ...both, subject: '2', attachments: file('a.pdf') })
  await transport.sendMail({ ...both, subject: '3', attachments: file('für.pdf') })
  await transport.sendMail({ ...both, subject: 'größe klein' })
  await transport.sendMail({ ...both, subject: long })
  const { items } = await mailhog(api).messages()
  const [lengthy, quoted, third, second, first] = items
  const names = ({ attachments }) => attachments.map(({ name }) => name).join() || 'none'
  const parts = (m) => `text ${m.text}, html ${m.html}, attachments ${names(m)}`
  console.log(`text, HTML: ${parts(first)}`)
  console.log(`text, HTML, attachment: ${parts(second)}`)
  console.log(`attachment named "für.pdf": attachments ${names(third)}`)
  console.log(`subject "größe klein": ${quoted.subject}`)
  const asSent = long.replaceAll(' ', '_')
  console.log(`long subject: one space too many in it: ${lengthy.subject !== asSent && lengthy.subject.replaceAll(' ', '') === asSent}`)
  const awesome = new MailhogClient(api)
  const inbox = await awesome.getEmails({ to: 'ann@example.com', numRetries: 1, retryDelayMs: 1 })
  const cleared = await awesome.clearInbox('ann@example.com')
  const left = (await mailhog(api).messages()).count
  console.log(`inbox of ann@example.com: ${inbox.length} of ${items.length}, cleared: ${cleared}, left: ${left}`)
}
main()
NODE
node look.cjs "$smtp" "$http" | tee -a output
diff output - <<'SEEN'
mailhog-awesome alone: Cannot find module 'tslib'
text, HTML: text hello, html <p>hello</p>, attachments none
text, HTML, attachment: text undefined, html undefined, attachments a.pdf
attachment named "für.pdf": attachments none
subject "größe klein": größe_klein
long subject: one space too many in it: true
inbox of ann@example.com: 0 of 5, cleared: true, left: 5
SEEN
echo "As seen on 2026-11-30."
