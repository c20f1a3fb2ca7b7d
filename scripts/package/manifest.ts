/** What package.json says that the package does not need to: how it is developed. */
const OF_THE_CLONE = ['private', 'scripts', 'devDependencies', 'overrides'] as const

/** Where `using` is written out and RegExp.escape is not used; Vitest asks for it too. */
const OLDEST_NODE = '>=22.12.0'

type Manifest = Readonly<Record<string, unknown>> & {
  readonly exports: Readonly<Record<string, string>>
  readonly bin: Readonly<Record<string, string>>
}

/**
 * package.json as it is published: the doors lead to what the build has made of the sources. In the clone they
 * lead to the sources, which Node 24 runs as they are.
 */
export function publishedManifest(manifest: Manifest): Manifest {
  const kept = Object.entries(manifest).filter(([key]) => !OF_THE_CLONE.some((name) => name === key))
  return {
    ...(Object.fromEntries(kept) as Manifest),
    engines: { node: OLDEST_NODE },
    exports: mapped(manifest.exports, builtDoor) as Manifest['exports'],
    bin: mapped(manifest.bin, (path) => `dist/${path}`),
  }
}

/** Types come first: conditions are tried in their order. */
function builtDoor(path: string): unknown {
  const source = /^\.\/(.*)\.ts$/.exec(path)?.[1]
  return source === undefined ? path : { types: `./dist/${source}.d.ts`, default: `./dist/${source}.js` }
}

function mapped<T>(
  entries: Readonly<Record<string, string>>,
  map: (path: string) => T,
): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(entries).map(([name, path]) => [name, map(path)]))
}
