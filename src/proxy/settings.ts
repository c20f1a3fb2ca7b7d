import { z } from 'zod'

/** One setting of the proxy: its value as an option, and how the text of its variable becomes that value. */
export interface Setting<T> {
  readonly variable: string
  /** What may stand there, for messages. */
  readonly allowed: string
  readonly schema: z.ZodType<T>
  /** Undefined when the text is of another kind. */
  readonly read: (text: string) => unknown
}

export interface NumberSetting {
  readonly variable: string
  readonly min: number
  readonly max: number
  readonly preset: number
  /** Units of the option in one unit of the variable: 1000 for an option in ms and a variable in s. */
  readonly scale?: number
  /** Unit of the variable, for messages. */
  readonly unit?: string
}

/** Minimum and maximum in the variable's unit, the preset too. */
export function number({ variable, min, max, preset, scale = 1, unit = '' }: NumberSetting): Setting<number> {
  const allowed = `a number from ${min} to ${max}${unit === '' ? '' : ` ${unit}`}`
  const whole = (value: number) => (scale === 1 ? Number.isInteger(value) : true)
  return {
    variable,
    allowed,
    schema: z
      .number(allowed)
      .refine((value) => value >= min * scale && value <= max * scale && whole(value), allowed)
      .default(preset * scale),
    read: (text) => (/^\d+(\.\d+)?$/.test(text) ? Math.round(Number(text) * scale * 1e3) / 1e3 : undefined),
  }
}

export function flag(variable: string, preset: boolean): Setting<boolean> {
  const allowed = '1 (yes) or 0 (no)'
  const words = new Map([
    ['1', true],
    ['true', true],
    ['0', false],
    ['false', false],
  ] as const)
  return {
    variable,
    allowed,
    schema: z.boolean(allowed).default(preset),
    read: (text) => words.get(text as '1'),
  }
}

export function word<const W extends string>(
  variable: string,
  words: readonly [W, ...W[]],
  preset: NoInfer<W>,
): Setting<W> {
  const allowed = words.join(', ')
  const schema = z.enum(words, allowed).default(() => preset)
  return { variable, allowed, schema: schema as z.ZodType<W>, read: (text) => text.toLowerCase() }
}

/** Any text that `fits`, or nothing at all. */
export function text(variable: string, allowed: string, fits: RegExp): Setting<string | undefined> {
  return {
    variable,
    allowed,
    schema: z.string(allowed).regex(fits, allowed).optional(),
    read: (given) => given,
  }
}

export function required(variable: string, allowed: string, fits: RegExp): Setting<string> {
  return { variable, allowed, schema: z.string(allowed).regex(fits, allowed), read: (given) => given }
}

export function presetText(variable: string, allowed: string, fits: RegExp, preset: string): Setting<string> {
  const schema = z.string(allowed).regex(fits, allowed).default(preset)
  return { variable, allowed, schema, read: (given) => given }
}

/** Times in s, separated by commas, as a list in ms. */
export function times(variable: string, presetMs: readonly number[]): Setting<readonly number[]> {
  const allowed = '1 to 20 times in s, separated by commas'
  const schema = z.array(z.number(allowed).min(0, allowed).max(604_800_000, allowed), allowed)
  return {
    variable,
    allowed,
    schema: schema
      .min(1, allowed)
      .max(20, allowed)
      .readonly()
      .default([...presetMs]),
    read: (given) => given.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part) * 1e3)),
  }
}
