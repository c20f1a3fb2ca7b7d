export const LEVELS = ['debug', 'info', 'warning', 'error', 'silent'] as const
export type Level = (typeof LEVELS)[number]

/** One line per event, on stderr, with its facts as JSON. */
export class Log {
  readonly #least: number
  readonly #write: (line: string) => void

  constructor(level: Level, write: (line: string) => void = (line) => void process.stderr.write(line)) {
    this.#least = LEVELS.indexOf(level)
    this.#write = write
  }

  debug(what: string, facts: object = {}): void {
    this.#line('debug', what, facts)
  }

  info(what: string, facts: object = {}): void {
    this.#line('info', what, facts)
  }

  warning(what: string, facts: object = {}): void {
    this.#line('warning', what, facts)
  }

  error(what: string, facts: object = {}): void {
    this.#line('error', what, facts)
  }

  #line(level: Level, what: string, facts: object): void {
    if (LEVELS.indexOf(level) < this.#least) return
    this.#write(`${new Date().toISOString()} ${level} ${what} ${JSON.stringify(facts)}\n`)
  }
}
