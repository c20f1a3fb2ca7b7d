import type { StepName, Steps } from '../record.ts'
import type { Figures } from './limits.ts'

/** What was measured, in some words for a line of progress. */
export function saidOf<Name extends StepName>(step: Name, figures: Figures<Name>): string {
  if ('why_none' in figures) return `none: ${figures.why_none}`
  return SAY[step](figures as never)
}

type Measured<Name extends StepName> = Exclude<Figures<Name>, { why_none: string }>

const load = (of: Measured<'commands'>) => {
  const ratio = of.relative === undefined ? '' : `, ${of.relative} of ours`
  const { counted } = of
  const own =
    'why_none' in counted
      ? ''
      : `, counts ${counted.messages ?? '–'} for ${counted.recipients ?? '–'} recipients`
  return `${of.accepted} of ${of.messages}${ratio}${own}`
}

const SAY: { readonly [Name in keyof Required<Steps>]: (of: Measured<Name>) => string } = {
  offers: ({ extensions }) => extensions.join(', ') || 'no extensions',
  probe: ({ counts }) => `${counts.conforms ?? 0} conform, ${counts.deviates ?? 0} deviate`,
  commands: load,
  transactions: load,
  chunks: load,
  sessions: load,
  recipients_100: load,
  megabyte: load,
  recipients: ({ accepted, bound, next }) =>
    `${accepted} of ${bound}${next === null ? '' : `, then ${next}`}`,
  store: ({ sent, kept_at_once, kept_later }) => `keeps ${kept_later} of ${sent} (at once ${kept_at_once})`,
  connections: ({ greeted, bound, next }) => `${greeted} of ${bound}${next === null ? '' : `, then ${next}`}`,
  idle: ({ after_ehlo: { seconds, how } }) => (seconds === null ? how : `${seconds} s, ${how}`),
}
