import type { Check } from '../check.ts'
import { ENVELOPE_CHECKS } from './envelope.ts'
import { EXTENSION_CHECKS } from './extensions.ts'
import { LINE_CHECKS } from './lines.ts'
import { ORDER_CHECKS } from './order.ts'
import { SESSION_CHECKS } from './session.ts'
import { END_CHECKS, TEXT_CHECKS } from './text.ts'

/** One after another, each on a connection of its own. */
export const CHECKS: readonly Check[] = [
  ...SESSION_CHECKS,
  ...ORDER_CHECKS,
  ...LINE_CHECKS,
  ...TEXT_CHECKS,
  ...END_CHECKS,
  ...EXTENSION_CHECKS,
  ...ENVELOPE_CHECKS,
]
