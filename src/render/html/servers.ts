import type { ResourceUsage, Result, ServerRow } from '../../engine/result.ts'
import { count, decimal, percent, size } from '../format.ts'
import { left, right } from '../table.ts'
import { type Html, html } from './markup.ts'
import { barCell, table } from './table.ts'

/** Each server's part of the load and how it bore it. */
export function serversTable({ per_server, resource_usage }: Result): Html | undefined {
  if (per_server.length === 0) return undefined
  const total = per_server.reduce((sum, row) => sum + endedOn(row), 0)
  const titles = ['Share', 'Accepted', 'Not accepted', 'Data', 'p50 ms', 'p99 ms', 'max ms', 'Peak conn.']
  return table({
    caption: 'Servers',
    columns: [left('Server'), ...titles.map(right), right('CPU avg'), right('Memory max'), left('')],
    rows: per_server.map((row) => {
      const { p50, p99, max } = row.response_time_ms
      const share = total === 0 ? null : endedOn(row) / total
      return [
        serverName(row),
        barCell(percent(share), share),
        count(row.accepted),
        count(endedOn(row) - row.accepted),
        size(row.bytes),
        ...[p50, p99, max].map((ms) => decimal(ms, 2)),
        count(row.peak_connections),
        ...usageCells(resource_usage[row.name]),
        row.ended === undefined ? '' : html`<span class="bad-text">${row.ended}</span>`,
      ]
    }),
  })
}

function usageCells(usage: ResourceUsage | undefined): string[] {
  const cpu = usage === undefined ? '–' : `${decimal(usage.cpu_percent.avg, 0)} %`
  return [cpu, size(usage?.memory_bytes.max)]
}

/** How evenly the load was spread, in a sentence; undefined with fewer than two servers. */
export function balanceSentence({ per_server }: Result): string | undefined {
  if (per_server.length < 2) return undefined
  const loads = per_server.map(endedOn)
  const most = loads.reduce((a, b) => Math.max(a, b))
  const least = loads.reduce((a, b) => Math.min(a, b))
  if (most === 0) return undefined
  if (most === least) return `Balanced: each of the ${per_server.length} servers had ${count(most)} messages.`
  const excess = least === 0 ? '' : `, ${decimal((most / least - 1) * 100, 1)} % more`
  return `The busiest server had ${count(most)} messages, the idlest ${count(least)}${excess}.`
}

function endedOn({ accepted, deferred, rejected, failed }: ServerRow): number {
  return accepted + deferred + rejected + failed
}

/** A server that was given by its address has that as its name. */
function serverName({ name, host, port }: { name: string; host: string; port: number }): Html {
  const address = `${host}:${port}`
  return name === address ? html`${name}` : html`${name} <span class="dim">${address}</span>`
}
