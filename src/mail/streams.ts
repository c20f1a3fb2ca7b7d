/** What is drawn for a message (src/random.ts), each of it from a stream of its own; patterns have 64 each. */
export const STREAMS = {
  size: 0,
  recipients: 2,
  content: 8,
  sender: 64,
  recipient: 128,
  /** The first header, and 64 to each. */
  header: 192,
} as const
