import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const MONITORING = join(import.meta.dirname, '../../deploy/monitoring')

export interface Panel {
  readonly id: number
  readonly title: string
  readonly type: string
  readonly datasource: { readonly uid: string }
  readonly gridPos: Readonly<Record<'x' | 'y' | 'w' | 'h', number>>
  readonly targets: readonly { readonly refId: string; readonly expr: string }[]
}

export interface Dashboard {
  readonly file: string
  readonly uid: string
  readonly title: string
  readonly panels: readonly Panel[]
}

export function dashboards(): Dashboard[] {
  const folder = join(MONITORING, 'dashboards')
  return readdirSync(folder).map((file) => ({
    file,
    ...JSON.parse(readFileSync(join(folder, file), 'utf8')),
  }))
}

/** Every expression of a dashboard with the panel that it stands in, its variables filled in as Grafana does. */
export function expressionsOf({ panels }: Dashboard): { readonly panel: string; readonly expr: string }[] {
  return panels.flatMap(({ title, targets }) =>
    targets.map(({ refId, expr }) => ({
      panel: `${title} ${refId}`,
      expr: expr.replaceAll('$__rate_interval', '20s').replaceAll('$scenario', '.*'),
    })),
  )
}

export function dashboardNamed(uid: string): Dashboard {
  const found = dashboards().find((one) => one.uid === uid)
  if (found === undefined) throw new Error(`there is no dashboard ${uid}`)
  return found
}
