import type { Hog } from './hog.ts'

export interface ContractTest {
  readonly title: string
  run(hog: Hog): Promise<void>
  readonly timeoutMs?: number
}

/** What one implementation cannot do, and why: shown with every test that is skipped for it. */
export interface KnownDefect {
  readonly reason: string
  readonly tests: readonly string[]
}

/** Starts one implementation with MailHog's environment variables (bind addresses are the booter's). */
export type Boot = (environment: Readonly<Record<string, string>>) => Promise<BootedHog>

export interface BootedHog extends AsyncDisposable {
  readonly smtpPort: number
  /** `http://127.0.0.1:8025` */
  readonly apiUrl: string
}
