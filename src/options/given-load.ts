import { CUSTOM } from './custom-variables.ts'
import type { ValuesOf } from './variable.ts'

/** A variable that says something of the load of an SMTP scenario. */
export type LoadVariable = keyof typeof CUSTOM

export type LoadValues = ValuesOf<typeof CUSTOM>

export const LOAD_VARIABLES = Object.keys(CUSTOM) as LoadVariable[]

/** What the environment says of the load, and only that: it overrides what a scenario says of its own. */
export type GivenLoad = { readonly [V in LoadVariable]?: NonNullable<LoadValues[V]> }

export function givenLoad(values: LoadValues, given: ReadonlySet<string>): GivenLoad {
  const said = LOAD_VARIABLES.filter((variable) => given.has(variable))
  return Object.freeze(Object.fromEntries(said.map((variable) => [variable, values[variable]])))
}
