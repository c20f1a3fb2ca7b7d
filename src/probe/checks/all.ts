import type { Check } from '../check.ts'
import { ENVELOPE_CHECKS } from './envelope.ts'
import { EXTENSION_CHECKS } from './extensions.ts'
import { LINE_CHECKS } from './lines.ts'
import { ORDER_CHECKS } from './order.ts'
import { SESSION_CHECKS } from './session.ts'
import { TEXT_CHECKS } from './text.ts'

/**
 * One after another, each on a connection of its own. They are asked of other people's servers, so they hold only
 * valid input, and what RFC 5321 has a server refuse, or lets it refuse, without harm. What a server does at other
 * ends of a text than CRLF.CRLF is tested at our own alone (test/truth/ends.test.ts).
 */
export const CHECKS: readonly Check[] = [
  ...SESSION_CHECKS,
  ...ORDER_CHECKS,
  ...LINE_CHECKS,
  ...TEXT_CHECKS,
  ...EXTENSION_CHECKS,
  ...ENVELOPE_CHECKS,
]
