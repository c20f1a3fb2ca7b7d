import { readdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** A file or folder that has one owner's mail. */
export interface Mailbox {
  readonly path: string
  /** `user@domain`, or the user alone; undefined where the path names neither. */
  readonly owner: string | undefined
}

/**
 * The mailboxes that a path with `{user}` and `{domain}` means now: servers create them with their first message.
 * Throws when the part of it that is fixed is not there.
 */
export async function mailboxesIn(path: string): Promise<Mailbox[]> {
  const root = fixedPart(path)
  await stat(root)
  const parts = path
    .slice(root.length)
    .split('/')
    .filter((part) => part !== '')
  let found: { path: string; user?: string; domain?: string }[] = [{ path: root }]
  for (const part of parts) {
    const pattern = patternOf(part)
    const next = found.map(async ({ path: folder, ...owner }) => {
      const names = await readdir(folder).catch(() => [])
      return names.flatMap((name) => {
        const match = pattern.exec(name)
        return match === null ? [] : [{ path: join(folder, name), ...owner, ...match.groups }]
      })
    })
    found = (await Promise.all(next)).flat()
  }
  return found.map(({ path: place, user, domain }) => ({ path: place, owner: ownerOf(user, domain) }))
}

/** The path up to the first folder whose name is not fixed. */
export function fixedPart(path: string): string {
  const brace = path.indexOf('{')
  return brace === -1 ? path : dirname(`${path.slice(0, brace)}x`)
}

/** `{user}` within a name: what stands there is taken, as much as there is. */
export function patternOf(name: string): RegExp {
  const literal = name
    .split(/\{(?:user|domain)\}/)
    .map((text) => text.replaceAll(/[$()*+./?[\\\]^{|}-]/g, '\\$&'))
  const names = [...name.matchAll(/\{(user|domain)\}/g)].map(([, group]) => `(?<${group}>.+)`)
  return new RegExp(`^${literal.map((text, index) => text + (names[index] ?? '')).join('')}$`)
}

function ownerOf(user: string | undefined, domain: string | undefined): string | undefined {
  if (user === undefined) return undefined
  return domain === undefined ? user : `${user}@${domain}`
}
