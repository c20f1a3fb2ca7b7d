import { type AnyProgress, progressByKind } from '../pressure/progress.ts'
import { type AnyResult, byKind } from '../pressure/result.ts'
import type { ProbeResult } from '../probe/report.ts'
import type { Document } from './block.ts'
import { pressureDocument } from './documents/pressure.ts'
import { probeDocument } from './documents/probe.ts'
import { smtpDocument } from './documents/smtp.ts'
import type { Assets } from './html/page.ts'
import {
  renderPressureProgress,
  renderPressureProgressLine,
  renderProgress,
  renderProgressLine,
} from './progress.ts'
import type { Page, Paint } from './terminal.ts'
import { writePage } from './writers/html.ts'
import { writeMarkdown } from './writers/markdown.ts'
import { writeText } from './writers/text.ts'

/** What is said of a run of either kind, in any format. */
export function documentOf(result: AnyResult): Document {
  return byKind(result, { smtp: smtpDocument, pressure: pressureDocument })
}

/** As a person reads it in a terminal. */
export function renderAnyText(result: AnyResult, page?: Page): string {
  return writeText(documentOf(result), page)
}

/** Markdown that reads well as a file, in a pull request and in a GitHub job summary. */
export function renderAnyMarkdown(result: AnyResult): string {
  return writeMarkdown(documentOf(result))
}

/** One HTML file. */
export function renderReport(result: AnyResult, assets: Assets): string {
  return writePage(documentOf(result), assets)
}

export function renderProbeMarkdown(result: ProbeResult): string {
  return writeMarkdown(probeDocument(result))
}

export function renderProbePage(result: ProbeResult, assets: Assets): string {
  return writePage(probeDocument(result), assets)
}

/** Why the run has the verdict that it has, in one line. */
export function reasonOf(result: AnyResult): string {
  return documentOf(result).head.reason
}

export function renderAnyProgress(progress: AnyProgress, columns: number, paint: Paint): string {
  return progressByKind(progress, {
    smtp: (one) => renderProgress(one, columns, paint),
    pressure: (one) => renderPressureProgress(one, columns, paint),
  })
}

export function renderAnyProgressLine(progress: AnyProgress): string {
  return progressByKind(progress, { smtp: renderProgressLine, pressure: renderPressureProgressLine })
}
