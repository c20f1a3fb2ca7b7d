import type { Group } from './situation.ts'

const HEAD = `# How messages end

Every planned message ends as exactly one outcome. test/truth/outcomes.test.ts plays each situation below at every
pipelining level and writes this table: \`npx vitest run test/truth/outcomes -u\`.

- \`accepted\`: the final reply was 2yz, even when some of the message's recipients were refused. Those are counted
  separately (\`refused_recipients\`), and so is what goes wrong at RSET and QUIT (\`session_failures\`).
- \`deferred\`: a 4xx reply; \`rejected\`: a 5xx reply. The class is \`reply\`, or \`auth\` in answer to AUTH.
- \`failed\`: no reply, or none that could be understood. The class says why, the phase says where.
- \`dropped\`: due (open model), but not started before the drain ended.
- \`not_reached\`: the run was ended before its turn: not due yet (open model), or taken up by no worker (closed
  model). The success rate covers messages that were due, so these are not part of it.

planned = accepted + deferred + rejected + failed + dropped + not reached, in every run.

With \`STRESS_RETRIES\` a message that was deferred, or failed for want of a reply, has further attempts, under the same id.
Its outcome is that of its last attempt, and \`retries\` in the result has the first attempts. A 5yz, a refused login and
what this machine did wrong are final. So is a message that some recipients were refused: the refused ones are not sent
to again. A time-out at the final dot is tried again as a queue would: the server may then have the message twice, and
the ledger says so. An attempt that would begin after the drain is not waited for: the message ends by its last one, and
counts as \`cut_off\`.

A message whose client was told to break off (\`STRESS_BREAK_OFF\`) has no outcome: \`broken_off\` counts it, and planned is the
sum above with those. None of them is ever acknowledged. A server that takes one whose client broke off after the final
dot has a message in doubt, which the ledger counts as \`unacknowledged\`.

The first digit of a reply decides (RFC 5321 4.2.1), except for codes that can answer only one thing: 220 (the
connection, STARTTLS), 221 (QUIT), 235 (AUTH), 334 (the dialogue of AUTH). The greeting must be 220. Any other reply
is out of place: \`protocol_error\`.

Replies are matched one for one with what was sent before them. A 2yz or 3yz that arrives before the command it would
answer was sent, or that answers nothing, is \`protocol_error\`; a 4yz or 5yz there refuses the next message. Either
ends the session. So a 250 before the final dot accepts nothing, and a second reply to one command is not taken for
the first of the next message. Two cases cannot be distinguished: a reply sent before the dot that arrives after it,
while the message is still in the buffers of the two kernels; and, at level \`transactions\`, the reply to an envelope
from a server that did not answer the dot before it.

A session continues after a 4xx or 5xx, with RSET if the server still holds the envelope. It ends at 421
(RFC 5321 3.8) and with every outcome \`failed\`. A refusal counts as one even when the connection breaks right after
it.

A server may end a session after any message that it accepted. If the connection ends, or 421 arrives, before the
server has answered the next message's MAIL, that message moves to a new session, once, and counts as a reconnect
(\`metrics.reconnects\`) instead of a failure. At level \`transactions\` the same holds for a message whose envelope had
been sent when the message before it ended their session. No server can have the message yet, since none of its data
was sent. Its response time still counts from when it was due; its service time and phases are those of the new
session. On the first message of a session the same end is a failure (421: a refusal); silence (a time-out) is one on
any message.

At level \`transactions\` a server may refuse an envelope by 503 because it came with the end of the message before it. MAIL had
no other fault, and no data was sent: the message is sent again by itself, in the same session where that goes on, and the
server is sent to by \`commands\` from then on (\`pipelining\` in the result). Its outcome and its times are those of that second
MAIL; the response time still counts from when it was due. A server that is silent to the first such envelope has that message
\`failed\` as \`timeout\`, and gets no other either.

At pipelining level \`chunks\` several whole messages are out at once. Those behind a 421 go to a new session: a
server that says 421 executes nothing more (RFC 5321 3.8). Where a session ends without one, all of them are
\`failed\` in phase \`accept\`, also those whose MAIL was not answered: the server may have them, and none is sent
again. RSET stands before each MAIL, so that a refusal touches only its own message.

Each RCPT has the time limit for itself (RFC 5321 4.5.3.2.3), also where all were written at once: a message whose recipients are
answered one by one after some seconds each is taken or refused in the end, and the result says that the server is slow at RCPT
(\`slow_recipients\`).

By LMTP (RFC 2033) the server answers a message once for each recipient that it took. Taken for one of them, the message
is \`accepted\`; those that were refused, deferred, or not answered before the session broke off are counted as
\`refused_recipients\`, each with what was said. Where all refuse it, the first reply tells why.

When a server that has accepted messages in a session defers two in a row with the same 4xx, one new session is
tried. If that one accepts mail, the old session was full: the result says after how many messages (\`session_caps\`),
and from then on one such deferral ends a session of that length. If it defers too, the reply meant something else:
the run continues unchanged, and the next attempt takes twice as many deferrals. Messages that were deferred stay
deferred; \`STRESS_MESSAGES_PER_SESSION\` avoids them.
`

/** docs/outcomes.md. */
export function outcomesDocument(groups: readonly Group[]): string {
  const tables = groups.map(({ title, situations }) => {
    const rows = situations.map(({ title: situation, expected }) => {
      const { outcome, class: failureClass = '', phase = '', code = '' } = expected
      return `| ${situation} | ${outcome} | ${failureClass} | ${phase} | ${code} |`
    })
    const head = '| situation | outcome | class | phase | code |\n|---|---|---|---|---|'
    return `## ${title}\n\n${head}\n${rows.join('\n')}\n`
  })
  return [HEAD, ...tables].join('\n')
}
