import { basename } from 'node:path'
import { PHASES } from '../../figures/smtp.ts'
import { figuresFor, type RunOverview } from '../../results/overview.ts'
import type { RunView } from '../../results/run-view.ts'
import { oneLine } from '../escape.ts'
import { count, counted, figureText, MISSING, percent, perSecond, seconds, size } from '../format.ts'
import { fieldLines, type Page, PIPE, page, section, titleBlock } from '../terminal.ts'
import { runName, VERDICT_STYLE } from '../verdict.ts'
import { verdictWords } from './list.ts'

type Field = readonly [label: string, value: string]

/**
 * Any run, as far as its file says: the older Python generator's, and ours when a member
 * is missing. What is missing is "–".
 */
export function renderRunView(view: RunView, { paint, width }: Page = PIPE): string {
  const { figures } = view
  const blocks = [
    titleBlock(`Analysis: ${oneLine(basename(view.file))}`, { paint, width }),
    fieldLines(headerOf(view)),
    section('Messages:', fieldLines(messagesOf(view), '  '), paint),
    section('Performance:', fieldLines(performanceOf(view), '  '), paint),
    ...latencySections(view).map(([title, rows]) => section(`${title}:`, fieldLines(rows, '  '), paint)),
    fieldLines([
      ['Lost:', count(view.lost)],
      ['Duplicated:', count(figures.duplicated)],
    ]),
    [statusLine(view, paint)],
  ]
  return page(blocks, width)
}

function headerOf(view: RunView): Field[] {
  const { workload } = view.circumstances
  const { servers, workers, rate, 'message size': bytes } = workload
  return [
    ['Test Type:', view.test_type ?? MISSING],
    ['Scenario:', oneLine(runName(view))],
    ['Servers:', text(servers)],
    ['Message Size:', size(typeof bytes === 'number' ? bytes : null)],
    ['Workers:', text(workers)],
    ['Target rate:', typeof rate === 'number' ? perSecond(rate) : MISSING],
    ['Backend:', view.backend ?? MISSING],
    ['Started:', view.start_time ?? MISSING],
  ]
}

function text(value: string | number | null | undefined): string {
  return value === null || value === undefined ? MISSING : String(value)
}

function messagesOf(view: RunView): Field[] {
  return [
    ['Total:', count(view.total_messages)],
    ['Successful:', count(view.successful_messages)],
    ['Failed:', count(view.failed_messages)],
    ['Conn Errors:', count(view.figures.connection_errors)],
    ['Success Rate:', percent(view.success_rate)],
  ]
}

function performanceOf(view: RunView): Field[] {
  return [
    ['Duration:', seconds(view.duration_seconds)],
    ['Messages/Sec:', perSecond(view.messages_per_second)],
    ['Total Data:', size(view.figures.bytes)],
  ]
}

/** The first kind of latency always, the others where the file has them. */
function latencySections(view: RunView): [title: string, rows: Field[]][] {
  const latencies = figuresFor(view).filter(({ unit, group }) => unit === 'ms' && group !== PHASES)
  const groups = [...new Set(latencies.map(({ group }) => group))]
  return groups
    .map((group, place): [string, Field[]] => {
      const own = latencies.filter((one) => one.group === group)
      const any = own.some(({ name }) => view.figures[name] != null)
      const rows = own.map(
        ({ name, title, unit }): Field => [
          `${title.startsWith('p') ? title : `${title[0]?.toUpperCase()}${title.slice(1)}`}:`,
          figureText(view.figures[name] ?? null, unit),
        ],
      )
      return [group, any || place === 0 ? rows : []]
    })
    .filter(([, rows]) => rows.length > 0)
}

function statusLine(view: RunOverview, paint: Page['paint']): string {
  const { verdict, failed_messages: failed, total_messages: total } = view
  if (verdict === null) return '[–] Status: the file has no verdict'
  const why =
    failed === null || total === null
      ? 'errors unknown'
      : failed === 0
        ? 'no errors'
        : `${count(failed)} of ${counted(total, 'message')} not successful`
  const missed = view.thresholds_missed ?? 0
  const more = missed > 0 ? `; ${counted(missed, 'threshold')} missed` : ''
  return `${paint(VERDICT_STYLE[verdict], `[${verdict}]`)} Status: ${verdictWords(view)} - ${why}${more}`
}
