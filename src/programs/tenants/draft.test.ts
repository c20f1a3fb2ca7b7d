import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesOf, type Content, FAMILIES, MIN_CONTENT_BYTES, md5Of } from './draft.ts'

const whole = (content: Content) => Buffer.concat([...bytesOf(content)])
const plainMd5 = (content: Content) => createHash('md5').update(whole(content)).digest('hex')

const contents = fc.record({
  key: fc.string(),
  sizeBytes: fc.integer({ min: MIN_CONTENT_BYTES, max: 300_000 }),
})

test('knows the MD5 of any content without hashing all of it', async () => {
  await fc.assert(
    fc.asyncProperty(contents, async (content) => {
      expect(await md5Of(content)).toBe(plainMd5(content))
      expect(whole(content)).toHaveLength(content.sizeBytes)
    }),
  )
})

test('knows the MD5 of 50 MB', async () => {
  const content = { key: 'fifty', sizeBytes: 50 * 1024 ** 2 }
  const hash = createHash('md5')
  for (const block of bytesOf(content)) hash.update(block)
  expect(await md5Of(content)).toBe(hash.digest('hex'))
})

test('makes the same bytes for the same key, and others for another', async () => {
  await fc.assert(
    fc.asyncProperty(contents, fc.string(), async (content, otherKey) => {
      fc.pre(otherKey !== content.key)
      expect(whole(content).equals(whole({ ...content }))).toBe(true)
      expect(await md5Of({ ...content, key: otherKey })).not.toBe(await md5Of(content))
    }),
  )
})

test('has no block twice, so that blocks in the wrong order are seen', () => {
  const blocks = [...bytesOf({ key: 'blocks', sizeBytes: 50 * 1024 ** 2 })].map((block) =>
    createHash('md5').update(block).digest('hex'),
  )
  expect(new Set(blocks).size).toBe(blocks.length)
})

test('differs in every block between families, so that mixed-up blocks are seen', () => {
  const keys = Array.from({ length: 40 }, (_, n) => `content ${n}`)
  const bodies = keys.map((key) => [...bytesOf({ key, sizeBytes: 200_000 })].slice(0, -1))
  for (const index of [0, 1, 2])
    expect(new Set(bodies.map((blocks) => blocks[index]?.toString('latin1'))).size).toBe(FAMILIES)
})

test('lets others work while it hashes a large body for the first time', async () => {
  let turns = 0
  const timer = setInterval(() => turns++, 1)
  // A length of its own, so that no other test has hashed it.
  await md5Of({ key: 'patience', sizeBytes: 20 * 1024 ** 2 + 1 })
  clearInterval(timer)
  expect(turns).toBeGreaterThan(3)
})
