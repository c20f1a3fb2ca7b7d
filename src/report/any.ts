import type { Progress } from '../engine/progress.ts'
import type { PressureProgress } from '../pressure/progress.ts'
import { type AnyResult, isPressure } from '../pressure/result.ts'
import { renderMarkdown } from './markdown.ts'
import { renderPressureMarkdown, renderPressureText } from './pressure.ts'
import {
  renderPressureProgress,
  renderPressureProgressLine,
  renderProgress,
  renderProgressLine,
} from './progress.ts'
import type { Page, Paint } from './terminal.ts'
import { renderText } from './text.ts'
import { pressureReason, verdictReason } from './verdict.ts'

/** Renderers for runs of either kind. */
export function renderAnyText(result: AnyResult, page?: Page): string {
  return isPressure(result) ? renderPressureText(result, page) : renderText(result, page)
}

export function renderAnyMarkdown(result: AnyResult): string {
  return isPressure(result) ? renderPressureMarkdown(result) : renderMarkdown(result)
}

/** Why the run has the verdict that it has, in one line. */
export function reasonOf(result: AnyResult): string {
  return isPressure(result) ? pressureReason(result) : verdictReason(result)
}

type AnyProgress = Progress | PressureProgress

const isPressureProgress = (progress: AnyProgress): progress is PressureProgress => 'kind' in progress

export function renderAnyProgress(progress: AnyProgress, columns: number, paint: Paint): string {
  return isPressureProgress(progress)
    ? renderPressureProgress(progress, columns, paint)
    : renderProgress(progress, columns, paint)
}

export function renderAnyProgressLine(progress: AnyProgress): string {
  return isPressureProgress(progress) ? renderPressureProgressLine(progress) : renderProgressLine(progress)
}
