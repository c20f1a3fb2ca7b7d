import { afterAll, beforeAll, beforeEach, describe, test } from 'vitest'
import { apiTests } from './contract/api-tests.ts'
import { betterTests } from './contract/better-tests.ts'
import { contentTests } from './contract/content-tests.ts'
import { foreignClientTests } from './contract/foreign-client-tests.ts'
import { type Boot, type BootedHog, type ContractTest, Hog, type KnownDefect } from './contract/hog.ts'
import { jimTests } from './contract/jim-tests.ts'
import { liveTests } from './contract/live-tests.ts'
import { releaseTests } from './contract/release-tests.ts'
import { searchTests } from './contract/search-tests.ts'
import { settingsTests } from './contract/settings-tests.ts'
import { smtpTests } from './contract/smtp-tests.ts'
import { wireTests } from './contract/wire-tests.ts'

const GROUPS: Readonly<Record<string, readonly ContractTest[]>> = {
  SMTP: smtpTests,
  wire: wireTests,
  content: contentTests,
  API: apiTests,
  search: searchTests,
  'live events': liveTests,
  settings: settingsTests,
  Jim: jimTests,
  release: releaseTests,
  'foreign client': foreignClientTests,
  'better than MailHog': betterTests,
}

export interface MailhogContract {
  readonly name: string
  readonly boot: Boot
  readonly knownDefects?: readonly KnownDefect[]
  /** Tests for this implementation only. */
  readonly more?: readonly ContractTest[]
  /** Why none of it can run here. */
  readonly skipAll?: string
}

/** What makes a program a MailHog: the same tests for the real one and ours. */
export function mailhogContract(contract: MailhogContract): void {
  const { name, boot, knownDefects = [], more = [], skipAll } = contract
  const groups = { ...GROUPS, 'of its own': more }
  const defects = new Map(knownDefects.flatMap(({ reason, tests }) => tests.map((title) => [title, reason])))
  const known = new Set(Object.values(groups).flatMap((tests) => tests.map(({ title }) => title)))
  const unknown = [...defects.keys()].filter((title) => !known.has(title))
  if (unknown.length > 0) throw new Error(`Known defects of no test: ${unknown.join('; ')}`)

  describe(name, () => {
    let booted: BootedHog
    beforeAll(async () => {
      if (skipAll === undefined) booted = await boot({})
    })
    afterAll(() => booted?.[Symbol.asyncDispose]())
    beforeEach(() => {
      if (skipAll === undefined) return new Hog(booted, boot).deleteAll()
    })
    for (const [group, tests] of Object.entries(groups).filter(([, tests]) => tests.length > 0)) {
      describe(group, () => {
        for (const { title, run, timeoutMs } of tests) {
          const reason = skipAll ?? defects.get(title)
          if (reason === undefined)
            test(title, { timeout: timeoutMs ?? 10_000 }, () => run(new Hog(booted, boot)))
          else test(title, (context) => context.skip(reason))
        }
      })
    }
  })
}
