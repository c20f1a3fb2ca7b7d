import { MailstormError, USAGE_ERROR } from '../src/error.ts'

/**
 * The options that a benchmark was given. With --help it prints `help` and ends with exit code 0; wrong options get one
 * error, without a stack, and exit code 2.
 */
export function optionsGiven<T>(read: (args: readonly string[]) => T, help: string): T {
  const args = process.argv.slice(2)
  if (args.includes('--help') || args.includes('-h')) {
    console.log(help)
    process.exit()
  }
  try {
    return read(args)
  } catch (error) {
    if (!isWrongUse(error)) throw error
    console.error(`${error.message}\nSee the options with --help.`)
    process.exit(USAGE_ERROR)
  }
}

/** By parseArgs of Node (an unknown option, a value too many or too few), or by our own checks of a value. */
function isWrongUse(error: unknown): error is Error {
  if (error instanceof MailstormError) return error.code === 'BAD_OPTIONS'
  return error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_')
}
