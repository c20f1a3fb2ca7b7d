import { type AnyResult, isPressure } from '../../pressure/result.ts'
import type { Assets } from './assets.ts'
import { renderPressureReport } from './pressure-report.ts'
import { renderResultReport } from './result-report.ts'

/** One run as one HTML file. */
export function renderReport(result: AnyResult, assets: Assets): string {
  return isPressure(result) ? renderPressureReport(result, assets) : renderResultReport(result, assets)
}
