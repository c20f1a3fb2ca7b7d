import { z } from 'zod'
import type { Kind } from './kind.ts'

/** What people are told of one environment variable; the README's table is made of these. */
export interface Variable {
  readonly name: string
  readonly meaning: string
  readonly allowed: string
  /** Its value when unset, in words where it is computed. */
  readonly byDefault: string
  readonly example: string
  /** Its value is never printed. */
  readonly secret: boolean
}

type About = Omit<Variable, 'name'>
const about = z.registry<About>()

/** A variable whose default is a text like any other: it is read by the same rules. */
export function preset<T>({ schema, allowed, example }: Kind<T>, byDefault: string, meaning: string) {
  return schema.prefault(byDefault).register(about, { meaning, allowed, byDefault, example, secret: false })
}

/** A variable that stays undefined when unset; `byDefault` says in words what then holds. */
export function unset<T>(kind: Kind<T>, byDefault: string, meaning: string, secret = false) {
  const { schema, allowed, example } = kind
  return schema.optional().register(about, { meaning, allowed, byDefault, example, secret })
}

/** What a group of variables reads as. */
export type ValuesOf<Shape extends z.ZodRawShape> = z.infer<z.ZodObject<Shape>>

export function variablesOf(shape: Readonly<Record<string, z.ZodType>>): readonly Variable[] {
  return Object.entries(shape).map(([name, schema]) => {
    const known = about.get(schema)
    if (known === undefined) throw new Error(`${name} was made by neither preset() nor unset()`)
    return { name, ...known }
  })
}
