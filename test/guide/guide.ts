import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const ROOT = join(import.meta.dirname, '../..')
export const GUIDE = readFileSync(join(ROOT, 'docs/guide.md'), 'utf8')

/** All that the guide shows as code. */
export function code(): string {
  const blocks = [...GUIDE.matchAll(/^```\w*\n([\s\S]*?)^```/gm)].map(([, text = '']) => text)
  const inline = [...GUIDE.replaceAll(/^```[\s\S]*?^```/gm, '').matchAll(/`([^`\n]+)`/g)].map(
    ([, text]) => text,
  )
  // A line that goes on is one command.
  return [...blocks, ...inline].join('\n').replaceAll(/\\\n\s*/g, ' ')
}

/** A command of mailstorm as the guide has it: the words after `npx mailstorm`. */
export function mailstormCommands(): string[][] {
  const lines = [...code().matchAll(/npx mailstorm ([^\n|;)]+)/g)].map(([, words = '']) => words)
  return lines.map((words) => (words.split(/\s#/)[0] ?? '').trim().split(/\s+/))
}

/** The sources of a folder without their tests. */
export function sources(...folders: readonly string[]): { file: string; text: string }[] {
  const files = folders.flatMap((folder) => globSync(`${folder}/**/*.ts`, { cwd: ROOT }))
  const own = files.filter((file) => !/\.(test|fixture|contract)\.ts$/.test(file))
  return own.map((file) => ({ file, text: readFileSync(join(ROOT, file), 'utf8') }))
}
