import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from './build.ts'
import { publishedManifest } from './manifest.ts'

// npm packs the package.json that stands in the folder: for the time of packing it is the published one.
const root = join(import.meta.dirname, '../..')
const manifest = join(root, 'package.json')
const clones = join(root, 'package.clone.json')

const [, , what] = process.argv
if (what === 'restore') restore()
else if (what === 'build') await build(root)
else {
  // Of a packing that was cut off.
  restore()
  await build(root)
  const text = readFileSync(manifest, 'utf8')
  writeFileSync(clones, text)
  writeFileSync(manifest, published(text))
}

/** Where package.json is no longer what was written, somebody has it in hand: it stays. */
function restore(): void {
  if (!existsSync(clones)) return
  const text = readFileSync(clones, 'utf8')
  if (readFileSync(manifest, 'utf8') === published(text)) renameSync(clones, manifest)
  else rmSync(clones)
}

function published(text: string): string {
  return `${JSON.stringify(publishedManifest(JSON.parse(text)), null, 2)}\n`
}
