/** A metric's value in one run, with what must be said beside it; or why it has none. */
export type Reading = { readonly value: number; readonly note?: string } | { readonly noData: string }

export function finite(value: number | null | undefined, otherwise = 'it was not measured'): Reading {
  if (value === null || value === undefined || !Number.isFinite(value)) return { noData: otherwise }
  return { value }
}
