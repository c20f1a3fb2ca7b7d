import fc from 'fast-check'

/** A mutant is killed by the first case that fails: the shortest one that would is of no interest. */
fc.configureGlobal({ endOnFailure: true })
