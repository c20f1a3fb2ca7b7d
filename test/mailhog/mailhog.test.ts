import { MAILHOG_DEFECTS } from '../../src/programs/sink/contract/known-defects.ts'
import { mailhogContract } from '../../src/programs/sink/mailhog.contract.ts'
import { bootMailhog } from './boot-mailhog.ts'

/** README.md beside this file says how to build it. */
const binary = process.env.MAILHOG_BIN

mailhogContract({
  name: 'the real MailHog v1.0.1',
  boot: (environment) => bootMailhog(binary ?? '', environment),
  knownDefects: MAILHOG_DEFECTS,
  ...(binary === undefined
    ? { skipAll: 'MAILHOG_BIN names no MailHog v1.0.1 (test/mailhog/README.md)' }
    : {}),
})
