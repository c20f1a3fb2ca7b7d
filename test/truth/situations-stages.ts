import { close, hang, raw, reset, type Script, type Stage, type Step, say, wait } from '../servers/script.ts'
import { type Expected, failed, type Group, impatient, refusedBy, type Situation } from './situation.ts'

/** The stages every session goes through, and the phase that a fault there belongs to. */
const STAGE_PHASES = {
  greeting: 'greeting',
  ehlo: 'ehlo',
  mail: 'envelope',
  rcpt: 'envelope',
  data: 'data',
  dot: 'accept',
} as const satisfies Partial<Record<Stage, string>>

type CommonStage = keyof typeof STAGE_PHASES

/** A code that is a reply, but not to this. RFC 5321 4.3.2. */
const OUT_OF_PLACE: Readonly<Record<CommonStage, string>> = {
  greeting: '250 hello',
  ehlo: '220 hello',
  mail: '354 go ahead',
  rcpt: '354 go ahead',
  data: '250 ok',
  dot: '354 go on',
}

/** What the server says where. */
const STAGE_NAMES: Readonly<Record<CommonStage, string>> = {
  greeting: 'as its greeting',
  ehlo: 'to EHLO',
  mail: 'to MAIL',
  rcpt: 'to RCPT',
  data: 'to DATA',
  dot: 'to the final dot',
}

interface Fault {
  readonly title: (stage: CommonStage) => string
  readonly steps: (stage: CommonStage) => readonly Step[]
  readonly expected: (phase: string) => Expected
  readonly sending?: Situation['sending']
}

const FAULTS: readonly Fault[] = [
  {
    title: (stage) => `451 ${STAGE_NAMES[stage]}`,
    steps: () => [say('451 4.3.0 later')],
    expected: (phase) => ({ ...refusedBy(451, phase), enhanced: '4.3.0' }),
  },
  {
    title: (stage) => `554 ${STAGE_NAMES[stage]}, in several lines`,
    steps: () => [say('554-5.7.1 no', '554-5.7.1 not', '554 5.7.1 here')],
    expected: (phase) => ({ ...refusedBy(554, phase), enhanced: '5.7.1' }),
  },
  {
    title: (stage) => `421 ${STAGE_NAMES[stage]}, then closes`,
    steps: () => [say('421 4.4.2 good bye'), close],
    expected: (phase) => ({ ...refusedBy(421, phase), enhanced: '4.4.2' }),
  },
  {
    title: (stage) => `${OUT_OF_PLACE[stage].slice(0, 3)} ${STAGE_NAMES[stage]}, which is out of place`,
    steps: (stage) => [say(OUT_OF_PLACE[stage])],
    expected: (phase) => failed('protocol_error', phase),
  },
  {
    title: (stage) => `closes without a reply ${STAGE_NAMES[stage]}`,
    steps: () => [close],
    expected: (phase) => failed('connection_closed', phase),
  },
  {
    title: (stage) => `resets the connection (RST) ${STAGE_NAMES[stage]}`,
    // The replies before it have to be read first: a reset throws away what is under way.
    steps: () => [wait(20), reset],
    expected: (phase) => failed('connection_reset', phase),
  },
  {
    title: (stage) => `half a reply ${STAGE_NAMES[stage]}, then closes`,
    steps: () => [raw('250 2.0.0 o'), close],
    expected: (phase) => failed('protocol_error', phase),
  },
  {
    title: (stage) => `the first line of two ${STAGE_NAMES[stage]}, then closes`,
    steps: () => [raw('250-2.0.0 one\r\n'), close],
    expected: (phase) => failed('protocol_error', phase),
  },
  {
    title: (stage) => `a reply without CRLF ${STAGE_NAMES[stage]}, then silence`,
    steps: () => [raw('250 2.0.0 ok'), hang],
    expected: (phase) => failed('timeout', phase),
    sending: impatient,
  },
  {
    title: (stage) => `nothing ${STAGE_NAMES[stage]}, ever`,
    steps: () => [hang],
    expected: (phase) => failed('timeout', phase),
    sending: impatient,
  },
  {
    title: (stage) => `a line ended by a bare LF ${STAGE_NAMES[stage]}`,
    steps: () => [raw('250 2.0.0 ok\n')],
    expected: (phase) => failed('protocol_error', phase),
  },
  {
    title: (stage) => `lines of different codes in one reply ${STAGE_NAMES[stage]}`,
    steps: () => [say('250-2.0.0 one', '451 4.3.0 other')],
    expected: (phase) => failed('protocol_error', phase),
  },
]

/** Every fault at every stage. */
export const stageGroups: readonly Group[] = (Object.keys(STAGE_PHASES) as CommonStage[]).map((stage) => ({
  title: `The server answers ${STAGE_NAMES[stage]}`,
  situations: FAULTS.map((fault) => ({
    title: fault.title(stage),
    script: { [stage]: fault.steps(stage) } satisfies Script,
    expected: fault.expected(STAGE_PHASES[stage]),
    ...(fault.sending === undefined ? {} : { sending: fault.sending }),
  })),
}))
