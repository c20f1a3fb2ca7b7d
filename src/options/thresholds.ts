import { MailstormError } from '../error.ts'
import { parseThreshold } from '../load/threshold.ts'
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
        return { wrong: `has a bad threshold. ${error.message.replaceAll('\n', ' ').replace(/\.$/, '')}` }
      }
    }
    return { value: Object.freeze(expressions) }
  },
)
