import { VARIABLE_GROUPS, type VARIABLES } from '../src/options/environment.ts'

type Variable = (typeof VARIABLES)[number]

const BEGIN = '<!-- options: begin (npm run docs writes this table from src/options/environment.ts) -->\n'
const END = '<!-- options: end -->'

const TITLES: Readonly<Record<keyof typeof VARIABLE_GROUPS, string>> = {
  run: 'The run',
  servers: 'The servers',
  pressure: 'The mail proxy and its simulated tenants',
  custom: 'The load of the SMTP scenarios',
}

/** The README with its table of options as they are now. */
export function withOptionsTable(readme: string): string {
  const begin = readme.indexOf(BEGIN)
  const end = readme.indexOf(END)
  if (begin === -1 || end < begin) throw new Error('README.md has lost the marks of its table of options')
  return readme.slice(0, begin + BEGIN.length) + tables() + readme.slice(end)
}

/** What holds for all of a group. */
const NOTES: Partial<Record<string, string>> = {
  custom:
    'They override the load of a scenario, and the result lists what was overridden; the defaults are those of `custom`. A variable that would change nothing in what is run is refused, with the reason.',
}

function tables(): string {
  return Object.entries(VARIABLE_GROUPS)
    .map(([group, variables]) => {
      const note = NOTES[group] === undefined ? '' : `${NOTES[group]}\n\n`
      return `\n**${TITLES[group as keyof typeof TITLES]}**\n\n${note}${table(variables)}\n`
    })
    .join('')
}

function table(variables: readonly Variable[]): string {
  const rows = variables.map(
    ({ name, meaning, allowed, byDefault }) =>
      `| \`${name}\` | ${cell(byDefault)} | ${cell(allowed)} | ${cell(meaning)} |`,
  )
  return ['| variable | default | allowed | meaning |', '|---|---|---|---|', ...rows, ''].join('\n')
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;')
}
