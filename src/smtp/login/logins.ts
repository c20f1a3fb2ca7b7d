import { readFileSync, statSync } from 'node:fs'
import type { Clock } from '../../engine/clock.ts'
import type { Login, SmtpTarget } from '../target.ts'

/** Who a session logs in as. */
export interface Account extends Login {
  /** Envelope sender of its messages, for servers that demand one's own. */
  readonly sender?: string
}

/** Accounts as they cross to the sender threads: once in memory, however many workers there are. */
export interface AccountTable {
  readonly count: number
  readonly memory: SharedArrayBuffer
}

export function accountTable(accounts: readonly Account[]): AccountTable {
  const octets = Buffer.from(JSON.stringify(accounts), 'utf8')
  const memory = new SharedArrayBuffer(octets.length)
  Buffer.from(memory).set(octets)
  return { count: accounts.length, memory }
}

export function accountsIn({ memory }: AccountTable): readonly Account[] {
  return JSON.parse(Buffer.from(memory).toString('utf8')) as Account[]
}

/** Where a session goes, and who logs in there. */
export interface LoggedIn {
  readonly target: SmtpTarget
  readonly sender?: string | undefined
}

/** How each new session of a worker logs in. */
export type LoginOf = (target: SmtpTarget) => LoggedIn

export interface LoginOptions {
  readonly targets: readonly SmtpTarget[]
  /** Workers of the plan, over all threads and generators. */
  readonly workers: number
  readonly accounts?: AccountTable
  readonly clock: Pick<Clock, 'nowMs'>
}

/** Of a thread's sessions; undefined where all log in alike, or none does. */
export function loginsOf({
  accounts,
  targets,
  workers,
  clock,
}: LoginOptions): ((worker: number) => LoginOf) | undefined {
  if (accounts !== undefined) {
    const all = accountsIn(accounts)
    return (worker) => inTurn(all, worker, workers)
  }
  const login = targets[0]?.auth
  if (login?.tokenFile === undefined) return undefined
  const token = new TokenFile(login, login.tokenFile, clock)
  return () => (target) => ({ target: { ...target, auth: token.login() } })
}

/** Session k of worker w takes account w + k × workers: no threads or generators need to agree on that. */
function inTurn(accounts: readonly Account[], worker: number, workers: number): LoginOf {
  let next = worker
  return (target) => {
    const account = accounts[next % accounts.length] as Account
    next += workers
    return { target: { ...target, auth: account }, sender: account.sender }
  }
}

/** How often it is looked whether the file has changed. */
const LOOK_EVERY_MS = 60_000

/** A token that something outside renews in its file. */
class TokenFile {
  #login: Login
  readonly #path: string
  readonly #clock: Pick<Clock, 'nowMs'>
  #changedMs: number | undefined
  #lookedMs: number

  constructor(login: Login, path: string, clock: Pick<Clock, 'nowMs'>) {
    this.#login = login
    this.#path = path
    this.#clock = clock
    this.#lookedMs = clock.nowMs()
    this.#changedMs = this.#changeMs()
  }

  login(): Login {
    const nowMs = this.#clock.nowMs()
    if (nowMs - this.#lookedMs < LOOK_EVERY_MS) return this.#login
    this.#lookedMs = nowMs
    const changedMs = this.#changeMs()
    if (changedMs === undefined || changedMs === this.#changedMs) return this.#login
    this.#changedMs = changedMs
    const pass = this.#read()
    if (pass !== undefined && pass !== '') this.#login = { ...this.#login, pass }
    return this.#login
  }

  /** A file that is being replaced may be missing for a moment: the token that is known goes on. */
  #changeMs(): number | undefined {
    return statSync(this.#path, { throwIfNoEntry: false })?.mtimeMs
  }

  #read(): string | undefined {
    try {
      return readFileSync(this.#path, 'utf8').trim()
    } catch {
      return undefined
    }
  }
}
