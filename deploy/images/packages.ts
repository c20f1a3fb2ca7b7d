import { readFileSync, writeFileSync } from 'node:fs'

// packages.ts, in the folder of a package.json: makes `npm ci --omit=dev` take what the programs of the image need, in
// the versions of the lock file. mailstorm leaves most of it to its users (peerDependencies), or has it built in
// (scripts/package); in this repository both are devDependencies.

/** Engines of containers and PostgreSQL's binaries stay out: in a cluster servers and databases have pods of their own. */
const NEEDED = [
  'fastify',
  'imapflow',
  'lru-cache',
  'mailhog-awesome',
  'msw',
  'nodemailer',
  'pg',
  'postal-mime',
  'prom-client',
  'selfsigned',
  'tar-stream',
  'undici',
  'vitest',
]

type Versions = Record<string, string>
const manifest: { dependencies: Versions; devDependencies: Versions } = JSON.parse(
  readFileSync('package.json', 'utf8'),
)
for (const name of NEEDED) {
  const version = manifest.devDependencies[name]
  if (version === undefined)
    throw new Error(`Failed to prepare package.json: ${name} is no devDependency there.`)
  manifest.dependencies[name] = version
  delete manifest.devDependencies[name]
}
writeFileSync('package.json', JSON.stringify(manifest, null, 2))
