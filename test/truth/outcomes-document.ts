import type { Group } from './situation.ts'

const HEAD = `# How messages end

Every planned message ends as exactly one outcome. This table is written by test/truth/outcomes.test.ts,
which plays each situation in every pipelining level; \`npx vitest run test/truth/outcomes -u\` writes it anew.

- \`accepted\`: the final reply was 250. What happens at QUIT changes nothing.
- \`deferred\`: a 4xx reply; \`rejected\`: a 5xx reply. Class \`reply\`, or \`auth\` when it answers AUTH.
- \`failed\`: no reply, or none that could be understood; the class says why, the phase says where.
- \`dropped\`: due (open model), but never started before the drain ended.

A session goes on after a 4xx or 5xx, after RSET where the server still holds the envelope. It ends at 421
(RFC 5321 3.8) and at everything of outcome \`failed\`. With pipelining level \`transactions\` the envelope of
the next message may be out by then: that message ends as its session did. A refusal stands even when
the connection breaks right after it.
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
