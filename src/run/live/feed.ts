import { assembleTimeline } from '../../engine/measurement.ts'
import type { ResourceUsage, TimelineRow } from '../../engine/result.ts'
import type { LoadRun, Measured } from '../../engine/threads/load-run.ts'
import type { LiveRows } from '../../report/html/live.ts'
import type { ResourceSampler } from '../resource-sampler.ts'

/** Threads report once a second, so the second before the current one is incomplete too. */
const SECONDS_UNTIL_WHOLE = 2

export interface Measures {
  /** Rows of the timeline from this second on. */
  timelineFrom(second: number): readonly TimelineRow[]
  readonly samples: Readonly<Record<string, Pick<ResourceUsage, 'samples'>>>
  readonly elapsedMs: number
}

/** Remembers what was sent of one run, so that each second is sent once. */
export class LiveFeed {
  #nextSecond = 0
  readonly #samplesTold = new Map<string, number>()

  next({ timelineFrom, samples, elapsedMs }: Measures): LiveRows {
    const end = Math.floor(elapsedMs / 1000) - SECONDS_UNTIL_WHOLE + 1
    const timeline =
      end > this.#nextSecond ? timelineFrom(this.#nextSecond).filter(({ second }) => second < end) : []
    this.#nextSecond = Math.max(this.#nextSecond, end)
    return { timeline, resources: this.#newSamples(samples) }
  }

  #newSamples(all: Measures['samples']): LiveRows['resources'] {
    return Object.fromEntries(
      Object.entries(all).map(([name, { samples }]) => {
        const told = this.#samplesTold.get(name) ?? 0
        this.#samplesTold.set(name, samples.length)
        return [name, samples.slice(told)]
      }),
    )
  }
}

/** What was sent to the live view, per load. */
export class LiveFeeds {
  readonly #sampler: ResourceSampler
  readonly #feeds = new Map<LoadRun, LiveFeed>()

  constructor(sampler: ResourceSampler) {
    this.#sampler = sampler
  }

  /** What is new of a load. */
  rowsOf(load: LoadRun, { recording, elapsedMs }: Pick<Measured, 'recording' | 'elapsedMs'>): LiveRows {
    const feed = this.#feeds.get(load) ?? new LiveFeed()
    this.#feeds.set(load, feed)
    return feed.next({
      timelineFrom: (second) => assembleTimeline({ pacer: load.pacer, recording }, second),
      samples: this.#sampler.soFar,
      elapsedMs,
    })
  }
}
