import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { z } from 'zod'
import { WILD_FOLDER } from './server-file.ts'

/** A line of test/wild/NAME/guesses.csv: what was guessed before a look, and what is true. */
const Guess = z.strictObject({
  property: z.string().min(1),
  guess: z.string().min(1),
  /** In the guess's own words where it was right; empty before anybody looked. */
  truth: z.string(),
})
export type Guess = z.infer<typeof Guess>

/** Undefined where nothing was guessed. */
export function readGuesses(name: string, folder = WILD_FOLDER): Guess[] | undefined {
  const path = join(folder, name, 'guesses.csv')
  if (!existsSync(path)) return undefined
  const read = z
    .array(Guess)
    .min(1)
    .safeParse(parse(readFileSync(path, 'utf8'), { columns: true, trim: true, bom: true }))
  if (!read.success) throw new Error(`Failed to read ${path}: ${z.prettifyError(read.error)}`)
  return read.data
}

export function wasRight({ guess, truth }: Guess): boolean {
  return guess.toLowerCase() === truth.toLowerCase()
}
