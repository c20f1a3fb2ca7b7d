import type { Group } from './situation.ts'

const HEAD = `# How messages end

Every planned message ends as exactly one outcome. This table is written by test/truth/outcomes.test.ts,
which plays each situation in every pipelining level; \`npx vitest run test/truth/outcomes -u\` writes it anew.

- \`accepted\`: the final reply was 2yz, even when some of its recipients were refused: these are counted
  apart (\`refused_recipients\`). So is what happens at RSET and QUIT, which changes nothing (\`session_failures\`).
- \`deferred\`: a 4xx reply; \`rejected\`: a 5xx reply. Class \`reply\`, or \`auth\` when it answers AUTH.
- \`failed\`: no reply, or none that could be understood; the class says why, the phase says where.
- \`dropped\`: due (open model), but never started before the drain ended.
- \`not_reached\`: its turn had not come when the run was ended early: not due yet (open model), or begun by no
  worker (closed model). Success counts the messages that were due; these are in none of its figures.

planned = accepted + deferred + rejected + failed + dropped + not reached, in every run.

The first digit of a reply decides (RFC 5321 4.2.1), but for codes that can answer one thing only: 220 the
connection and STARTTLS, 221 QUIT, 235 AUTH, 334 AUTH's dialogue. The greeting is 220. Anything else is out of
place: \`protocol_error\`.

A reply counts for what was sent before it, one for one. A 2yz or 3yz that came before what it would answer was
sent, or that nothing was sent for, is \`protocol_error\`, and a 4yz or 5yz there refuses the message that is next
to ask; the session ends with either. So a 250 before the final dot accepts nothing, and a second reply to one
command is not the first of the next message. Two things cannot be told apart: a reply that was sent before the
dot and arrives after it, while the message lies in the buffers of the two kernels; and, at level
\`transactions\`, the reply to an envelope of a server that left out the one to the dot before it.

A session goes on after a 4xx or 5xx, after RSET where the server still holds the envelope. It ends at 421
(RFC 5321 3.8) and at everything of outcome \`failed\`. A refusal stands even when the connection breaks
right after it.

A server may end a session at any time after a message that it took. The next message is then no failure:
where the connection ended, or 421 came, before the server answered its MAIL, it goes to a new session, once,
and counts as a reconnect (\`metrics.reconnects\`). So does, at pipelining level \`transactions\`, a message
whose envelope was out when the message before it ended their session. Nobody can have it: none of its
data went out. Its response time counts from when it was due, its service time and phases are of the new
session. On a new session's first message the same end is a failure, or 421 a refusal; so is silence (a
time-out) on any.

When a server that has taken messages in a session defers two running by the same 4xx, one new session is
tried. If that takes mail, the session was full: the result says after how many messages (\`session_caps\`), and
from then on one such deferral ends a session of that length. If it defers as well, the reply meant something
else: the run goes on as it was, and the next try takes twice as many deferrals. The messages that were
deferred stay deferred; \`STRESS_MESSAGES_PER_SESSION\` spares them.
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
