import type { Metrics } from '../engine/result.ts'
import type { Figure, Partly } from './figure.ts'

/** A run of any kind, as a file may have it. */
interface AnyRun {
  readonly metrics?:
    | Partly<
        Pick<
          Metrics,
          | 'total_messages'
          | 'successful_messages'
          | 'failed_messages'
          | 'success_rate'
          | 'duration_seconds'
          | 'total_bytes_sent'
        >
      >
    | null
    | undefined
}

type Entry = Figure<AnyRun>

export const MESSAGES = { group: 'Messages' } as const
export const SPEED = { group: 'Speed' } as const
export const LOWER_COUNT = { unit: 'count', better: 'lower' } as const
export const HIGHER_SHARE = { unit: 'share', better: 'higher', atMost: 1 } as const

export const TOTAL_MESSAGES: Entry = {
  ...MESSAGES,
  name: 'total_messages',
  title: 'total',
  unit: 'count',
  better: 'neither',
  read: ({ metrics }) => metrics?.total_messages,
}

/** Of a run in which `due` messages should have been sent: without any it has none, whatever its file says. */
export function successRate<Run extends AnyRun>(due: (run: Run) => number | null | undefined): Figure<Run> {
  return {
    ...MESSAGES,
    ...HIGHER_SHARE,
    name: 'success_rate',
    title: 'success rate',
    read(run) {
      if (due(run) === 0) return undefined
      const {
        success_rate: given,
        successful_messages: successful,
        total_messages: total,
      } = run.metrics ?? {}
      if (typeof given === 'number') return given
      return typeof total === 'number' && typeof successful === 'number' ? successful / total : undefined
    },
  }
}

export const NOT_SUCCESSFUL: Entry = {
  ...MESSAGES,
  ...LOWER_COUNT,
  name: 'failed_messages',
  title: 'not successful',
  read: ({ metrics }) => metrics?.failed_messages,
}

export function throughput<Run>(read: Figure<Run>['read']): Figure<Run> {
  return {
    ...SPEED,
    name: 'throughput',
    also: 'messages_per_second',
    title: 'throughput',
    unit: 'per_second',
    better: 'higher',
    read,
  }
}

export const DURATION: Entry = {
  ...SPEED,
  name: 'duration',
  title: 'duration',
  unit: 'seconds',
  better: 'neither',
  read: ({ metrics }) => metrics?.duration_seconds,
}

export const DATA: Entry = {
  ...SPEED,
  name: 'bytes',
  title: 'data',
  unit: 'bytes',
  better: 'neither',
  read: ({ metrics }) => metrics?.total_bytes_sent,
}
