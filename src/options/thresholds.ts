import { MailstormError } from '../error.ts'
import { parseThreshold } from '../figures/threshold.ts'
import { type Kind, kind } from './kind.ts'

/** Threshold expressions, each checked as parseThreshold checks it. */
export const thresholdList: Kind<readonly string[]> = kind(
  'thresholds separated by commas',
  'success_rate>=0.99,p(99)<1000,lost==0',
  (text) => {
    const expressions: string[] = []
    for (const part of text.split(',')) {
      try {
        expressions.push(parseThreshold(part.trim()).expression)
      } catch (error) {
        if (!(error instanceof MailstormError)) throw error
        return { wrong: wrongOf(part.trim(), text, error) }
      }
    }
    return { value: Object.freeze(expressions) }
  },
)

/** The variable and its value stand before it: they are not said again, unless it is one of several. */
function wrongOf(part: string, text: string, { message }: MailstormError): string {
  const why = message.replace(`Failed to read the threshold "${part}": `, '').replace('\n', ' ')
  const which = part === text.trim() ? '' : ` "${part}"`
  return `has a bad threshold${which}: ${why.replace(/[.?]$/, (end) => (end === '?' ? end : ''))}`
}
