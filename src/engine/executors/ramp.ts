/**
 * A stage of a ramp: a straight line from the level before it to `target`; without a duration it is a jump.
 *
 * @example To 50 within 30 s, a minute at 50, then at once down to 10.
 * ```ts
 * [
 *   { durationSeconds: 30, target: 50 },
 *   { durationSeconds: 60, target: 50 },
 *   { durationSeconds: 0, target: 10 },
 * ]
 * ```
 */
export interface Stage {
  /** Length in seconds; 0 for a jump. */
  readonly durationSeconds: number
  /** The level at its end: messages per second, or workers; not below 0. */
  readonly target: number
}

/** A level that changes in straight lines over time: a rate, or a number of workers. Pure arithmetic. */
export interface Ramp {
  readonly durationMs: number
  readonly peak: number
  /** Area under the level up to a time, in level-seconds: messages, for a rate per second. */
  areaBy(elapsedMs: number): number
  /**
   * When the area reaches `area`; where it stands still there (no rate for a while), when it goes on.
   * The end of the ramp for all that it does not reach.
   */
  whenArea(area: number): number
  /** First moment from `fromMs` on at which the level is at least `level`; undefined when none is. */
  whenLevel(level: number, fromMs: number): number | undefined
}

/** One stage: from one level to another within [fromMs, fromMs + durationMs). */
interface Segment {
  readonly fromMs: number
  readonly durationMs: number
  readonly from: number
  readonly to: number
  /** Area before it. */
  readonly before: number
  readonly area: number
}

export function createRamp(start: number, stages: readonly Stage[]): Ramp {
  const segments = segmentsOf(start, stages)
  const last = segments.at(-1)
  const durationMs = last === undefined ? 0 : last.fromMs + last.durationMs
  const inReach = (elapsedMs: number) => segments.findLast(({ fromMs }) => fromMs <= elapsedMs) ?? segments[0]
  return {
    durationMs,
    peak: segments.reduce((most, { from, to }) => Math.max(most, from, to), 0),
    areaBy(elapsedMs) {
      const segment = inReach(Math.min(elapsedMs, durationMs))
      return segment === undefined || elapsedMs < 0 ? 0 : segment.before + areaIn(segment, elapsedMs)
    },
    whenArea(area) {
      const segment = segments.find(({ before, area: own }) => own > 0 && before + own > area)
      return segment === undefined ? durationMs : segment.fromMs + whenAreaIn(segment, area - segment.before)
    },
    whenLevel: (level, fromMs) => firstAtLeast(segments, level, fromMs),
  }
}

function segmentsOf(start: number, stages: readonly Stage[]): Segment[] {
  const segments: Segment[] = []
  let from = start
  let fromMs = 0
  let before = 0
  for (const { durationSeconds, target } of stages) {
    const area = ((from + target) / 2) * durationSeconds
    const durationMs = durationSeconds * 1000
    if (durationMs > 0) segments.push({ fromMs, durationMs, from, to: target, before, area })
    fromMs += durationMs
    before += area
    from = target
  }
  return segments
}

function levelIn({ fromMs, durationMs, from, to }: Segment, elapsedMs: number): number {
  const share = Math.min(1, Math.max(0, (elapsedMs - fromMs) / durationMs))
  return from + (to - from) * share
}

/** Trapezium from the segment's begin: s·(from + level(s)) / 2, s in seconds. */
function areaIn(segment: Segment, elapsedMs: number): number {
  const seconds = Math.min(segment.durationMs, Math.max(0, elapsedMs - segment.fromMs)) / 1000
  return (seconds * (segment.from + levelIn(segment, elapsedMs))) / 2
}

/**
 * Solves  from·s + slope·s²/2 = area  for s, in milliseconds after the segment's begin, with slope =
 * (to − from) / duration:  s = 2·area / (from + √(from² + 2·slope·area)).  This form of the quadratic's
 * root loses no digits when the slope is small, and holds for a slope of 0 and below.
 */
function whenAreaIn({ durationMs, from, to }: Segment, area: number): number {
  if (area <= 0) return 0
  const slope = ((to - from) * 1000) / durationMs
  const root = Math.sqrt(Math.max(0, from * from + 2 * slope * area))
  return Math.min(durationMs, (2000 * area) / (from + root))
}

function firstAtLeast(segments: readonly Segment[], level: number, fromMs: number): number | undefined {
  for (const segment of segments) {
    const endMs = segment.fromMs + segment.durationMs
    if (endMs <= fromMs) continue
    const beginMs = Math.max(segment.fromMs, fromMs)
    if (levelIn(segment, beginMs) >= level) return beginMs
    if (segment.to < level) continue
    const share = (level - segment.from) / (segment.to - segment.from)
    const reachedMs = Math.max(beginMs, segment.fromMs + share * segment.durationMs)
    // Reached at the very end of a stage, it is the next stage's to say whether it stays.
    if (reachedMs < endMs) return reachedMs
  }
  return undefined
}

/** `0 → 10 → 0`: the levels that stages reach one after another. */
export function levelsText(start: number, stages: readonly Stage[]): string {
  const all = [start, ...stages.map(({ target }) => target)]
  return all.filter((level, index) => level !== all[index - 1]).join(' → ')
}

/** How long all stages take together. */
export function secondsOf(stages: readonly Stage[]): number {
  return createRamp(0, stages).durationMs / 1000
}
