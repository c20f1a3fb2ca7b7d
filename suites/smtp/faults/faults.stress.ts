import { faults } from 'mailstorm'

/** Sessions of ten messages to one server: enough connections for faults to meet some of them. */
const SESSIONS_OF_TEN = {
  executor: 'shared-iterations',
  messages: 1_000,
  workers: 10,
  size: 'medium',
  servers: 1,
  messagesPerSession: 10,
  replyTimeoutSeconds: 5,
} as const
/** A fault costs messages, but never an acknowledged one. */
const SOME_FAIL = ['success_rate>=0.9', 'success_rate<1', 'failed>0']
const NONE_FAILS = ['success_rate==1']
const STEADY = {
  executor: 'constant-arrival-rate',
  rate: 50,
  durationSeconds: 10,
  workers: 10,
  size: 'small',
  servers: 1,
  replyTimeoutSeconds: 5,
} as const

const BY_CHUNKS = {
  executor: 'shared-iterations',
  messages: 1_000,
  workers: 10,
  size: 'small',
  servers: 1,
  pipelining: 'chunks',
  replyTimeoutSeconds: 5,
} as const

/** What becomes of mail when the network or the server misbehaves? Every message must still be accounted for. */
faults('faults', {
  delay: {
    faults: { proxy: { toServer: { delayMs: 20 }, toClient: { delayMs: 20, jitterMs: 20 } } },
    load: {
      ...SESSIONS_OF_TEN,
      messages: 200,
      thresholds: [...NONE_FAILS, 'p(99)<2000', 'envelope.min>=40'],
    },
  },
  bandwidth: {
    faults: { proxy: { toServer: { bytesPerSecond: 100_000 } } },
    load: { ...SESSIONS_OF_TEN, messages: 200, thresholds: [...NONE_FAILS, 'med>=100'] },
  },
  'drop-after-bytes': {
    faults: { proxy: { toServer: { cut: { after: { bytes: 5_000 }, by: 'close' } }, share: 0.2 } },
    load: { ...SESSIONS_OF_TEN, thresholds: [...SOME_FAIL, 'unacknowledged==0'] },
    eachCutIs: ['failed'],
  },
  reset: {
    faults: { proxy: { toServer: { cut: { after: { bytes: 25_000 }, by: 'reset' } }, share: 0.2 } },
    load: { ...SESSIONS_OF_TEN, thresholds: [...SOME_FAIL, 'unacknowledged==0'] },
    eachCutIs: ['failed'],
  },
  'before-the-final-dot': {
    faults: { proxy: { toServer: { cut: { after: { text: '.\r\n' }, by: 'reset' } }, share: 0.2 } },
    load: { ...SESSIONS_OF_TEN, thresholds: [...SOME_FAIL, 'unacknowledged==0'] },
    eachCutIs: ['failed'],
  },
  'after-the-final-dot': {
    // The server has the message and says so; the client never hears it.
    faults: {
      proxy: { toClient: { cut: { after: { text: '250', behind: '354' }, by: 'reset' } }, share: 0.2 },
    },
    load: { ...SESSIONS_OF_TEN, thresholds: [...SOME_FAIL, 'unacknowledged>0'] },
    eachCutIs: ['failed', 'unacknowledged'],
  },
  'half-open': {
    faults: { proxy: { toClient: { cut: { after: { text: '354' }, by: 'half-open' } }, share: 0.1 } },
    load: { ...SESSIONS_OF_TEN, replyTimeoutSeconds: 2, thresholds: [...SOME_FAIL, 'unacknowledged==0'] },
    eachCutIs: ['failed'],
  },
  stall: {
    faults: { proxy: { toServer: { cut: { after: { bytes: 5_000 }, by: 'stall' } }, share: 0.1 } },
    load: { ...SESSIONS_OF_TEN, replyTimeoutSeconds: 2, thresholds: [...SOME_FAIL, 'unacknowledged==0'] },
    eachCutIs: ['failed'],
  },
  greylist: {
    faults: { server: { greylist: { stage: 'rcpt', forMs: 300 } } },
    load: { ...STEADY, thresholds: ['success_rate>=0.9', 'deferred>0', 'failed==0', 'rejected==0'] },
  },
  'rate-451': {
    faults: { server: { rate: { perSecond: 47, burst: 25, stage: 'mail', code: 451 } } },
    load: { ...STEADY, thresholds: ['success_rate>=0.9', 'deferred>0', 'failed==0', 'throughput<50'] },
  },
  'rate-421': {
    faults: { server: { rate: { perSecond: 47, burst: 25, stage: 'greeting', code: 421 } } },
    load: { ...STEADY, thresholds: ['success_rate>=0.9', 'deferred>0', 'failed==0', 'throughput<50'] },
  },
  tarpit: {
    faults: { server: { tarpit: { mail: 100, dot: 200 } } },
    load: { ...STEADY, thresholds: [...NONE_FAILS, 'envelope.min>=95', 'accept.min>=190', 'p(99)<2000'] },
  },
  'chunks-rcpt': {
    faults: { server: { chunking: {}, refuse: { stage: 'rcpt', every: 10, code: 550 } } },
    load: { ...BY_CHUNKS, thresholds: ['success_rate>=0.9', 'rejected==100', 'failed==0'] },
  },
  'chunks-last': {
    faults: { server: { chunking: {}, refuse: { stage: 'dot', every: 10, code: 552 } } },
    load: { ...BY_CHUNKS, thresholds: ['success_rate>=0.9', 'rejected==100', 'failed==0'] },
  },
  'chunks-421': {
    // What was sent behind a 421 goes to a new session.
    faults: { server: { chunking: {}, refuse: { stage: 'dot', every: 100, code: 421 } } },
    load: { ...BY_CHUNKS, thresholds: ['success_rate==0.99', 'deferred==10', 'failed==0', 'reconnects>0'] },
  },
  'chunks-stall': {
    // The server has the message that it does not answer, and none of those behind it.
    faults: { server: { chunking: { stallEvery: 200 } } },
    load: {
      ...BY_CHUNKS,
      replyTimeoutSeconds: 2,
      thresholds: ['success_rate>=0.9', 'failed>0', 'unacknowledged>=4'],
    },
  },
  'chunks-not-swallowed': {
    // Replies out of step end the session; no message may be counted as what it is not.
    faults: { server: { chunking: { swallows: false }, refuse: { stage: 'rcpt', every: 50, code: 550 } } },
    load: { ...BY_CHUNKS, thresholds: ['success_rate>=0.7', 'failed>0', 'rejected>0'] },
  },
  alone: {
    faults: {},
    load: { ...SESSIONS_OF_TEN, messages: 10_000, thresholds: NONE_FAILS },
  },
  crowded: {
    faults: { crowd: { idle: 40, slow: 40 } },
    load: { ...SESSIONS_OF_TEN, messages: 10_000, thresholds: NONE_FAILS },
    keepsShare: 0.5,
  },
})
