import type { Claimed } from '../store/claim.ts'
import type { Outcome } from '../store/outcomes.ts'

/** A message that so many processes took, and that none got done with, is what ended them. */
const MOST_CLAIMS = 10

export function isPoison({ claims }: Claimed): boolean {
  return claims > MOST_CLAIMS
}

export function poisonOutcome({ pk, claim }: Claimed): Outcome {
  const description = `given up: claimed ${MOST_CLAIMS} times without an outcome`
  return { pk, claim, kind: 'error', attempted: false, description }
}
