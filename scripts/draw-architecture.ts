import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { instance } from '@viz-js/viz'

const ROOT = join(import.meta.dirname, '..')
const FOLDERS = ['src', 'fixtures', 'containers', 'reporters', 'suites']
const ROOM = /^(src\/programs\/[^/]+|src\/engine\/threads|src\/[^/.]+|fixtures|containers|reporters|suites)\//

/**
 * The rooms of today's code as SVG: an arrow from A to B says that a module of A imports one of B, types
 * included. Doors and what every room imports (`src/error.ts`) are left out.
 */
export async function architectureSvg(): Promise<string> {
  const arrows = new Set<string>()
  for (const { source, dependencies } of await cruisedModules()) {
    const from = ROOM.exec(source)?.[1]
    for (const { resolved } of dependencies) {
      const to = ROOM.exec(resolved)?.[1]
      if (from !== undefined && to !== undefined && from !== to) arrows.add(`  "${from}" -> "${to}"`)
    }
  }
  const graph = `${LOOK}\n${[...arrows].sort().join('\n')}\n}\n`
  const svg = (await instance()).renderString(graph, { format: 'svg' })
  return svg.replace('<svg ', '<svg role="img" aria-label="Rooms and which imports which" ')
}

interface Module {
  readonly source: string
  readonly dependencies: readonly { readonly resolved: string }[]
}

async function cruisedModules(): Promise<readonly Module[]> {
  const program = 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs'
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [program, ...FOLDERS, '--output-type', 'json'],
    { cwd: ROOT, maxBuffer: 64 * 1024 ** 2 },
  )
  return JSON.parse(stdout).modules
}

const LOOK = `digraph rooms {
  nodesep=0.35
  ranksep=0.55
  bgcolor=white
  node [shape=box style="rounded,filled" margin="0.2,0.1" color="#3b5b7a" fillcolor="#eef4fa" fontname="Helvetica" fontsize=13]
  edge [color="#3b5b7a99" arrowsize=0.7]`
