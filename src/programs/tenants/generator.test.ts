import { expect, test } from 'vitest'
import type { Draft } from './draft.ts'
import { MessageGenerator } from './generator.ts'
import { type TenantOptions, tenantConfig } from './options.ts'
import { PROFILE_NAMES, PROFILES, SIZE_CLASSES, sizeShares } from './profile.ts'

async function messages(options: TenantOptions, count: number): Promise<Draft[]> {
  const generator = new MessageGenerator(tenantConfig({ maxMessages: count, ...options }))
  const drafts: Draft[] = []
  while (drafts.length < count) drafts.push(...(await generator.next()))
  return drafts
}

const MESSAGES = 20_000

/** The seed is fixed: it holds always or never. */
function expectShare<T>(all: readonly T[], belongs: (one: T) => boolean, wanted: number): void {
  const standardError = Math.sqrt((wanted * (1 - wanted)) / all.length)
  const found = all.filter(belongs).length / all.length
  expect(Math.abs(found - wanted)).toBeLessThan(3.5 * standardError)
}

test.each(PROFILE_NAMES)(
  'keeps to the shares of profile %s over 20,000 messages, within 3.5 standard errors',
  async (profile) => {
    const drafts = await messages({ profile, messagesPerSync: 200 }, MESSAGES)
    const attachments = drafts.flatMap((draft) => draft.attachments)
    const { attachmentShare, cachedShare, largeShare } = PROFILES[profile]
    expectShare(drafts, (draft) => draft.attachments.length > 0, attachmentShare)
    expectShare(attachments, ({ repeated }) => repeated, cachedShare)
    for (const [index, wanted] of sizeShares(largeShare).entries()) {
      const sizeBytes = SIZE_CLASSES[index]?.sizeBytes
      expectShare(attachments, ({ content }) => content.sizeBytes === sizeBytes, wanted)
    }
  },
)

test.each(PROFILE_NAMES)(
  'makes as many messages per sync as profile %s says, never more than twice that',
  async (profile) => {
    const generator = new MessageGenerator(tenantConfig({ profile, attachmentShare: 0 }))
    const counts: number[] = []
    for (let call = 0; call < 4_000; call++) counts.push((await generator.next()).length)
    const { messagesPerSync } = PROFILES[profile]
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length
    expect(Math.abs(mean / messagesPerSync - 1)).toBeLessThan(0.02)
    expect(Math.max(...counts)).toBe(2 * messagesPerSync)
    expect(Math.min(...counts)).toBe(0)
  },
)

test('gives priorities 0 to 3 with the weights 5, 15, 50 and 30', async () => {
  const drafts = await messages({ profile: 'standard', messagesPerSync: 200, attachmentShare: 0 }, MESSAGES)
  for (const [index, wanted] of [0.05, 0.15, 0.5, 0.3].entries())
    expectShare(drafts, ({ priority }) => priority === index, wanted)
})

const SMALL = { profile: 'newsletter', maxAttachmentBytes: 2_000 } as const

test('makes the same messages from the same seed, and others from another', async () => {
  expect(await messages(SMALL, 500)).toEqual(await messages(SMALL, 500))
  expect(await messages({ ...SMALL, seed: 2 }, 500)).not.toEqual(await messages(SMALL, 500))
})

test('changes ids and contents with the run id, and nothing else', async () => {
  const shape = ({ priority, recipientNumber, attachments }: Draft) => [
    priority,
    recipientNumber,
    attachments.map(({ content, repeated }) => [content.sizeBytes, repeated]),
  ]
  const [before, after] = [await messages(SMALL, 500), await messages({ ...SMALL, runId: 'tuesday' }, 500)]
  expect(after.map(shape)).toEqual(before.map(shape))
  const ids = new Set([...before, ...after].map(({ id }) => id))
  expect(ids.size).toBe(1000)
  const md5s = (drafts: Draft[]) => drafts.flatMap(({ attachments }) => attachments.map(({ md5 }) => md5))
  expect(md5s(after).filter((md5) => md5s(before).includes(md5))).toEqual([])
})

test('repeats contents of the last few of their size, under the same name', async () => {
  const attachments = (await messages(SMALL, 2_000)).flatMap((draft) => draft.attachments)
  const names = new Map(attachments.map(({ md5, filename }) => [md5, filename]))
  const repeated = attachments.filter((attachment) => attachment.repeated)
  expect(repeated.length).toBeGreaterThan(100)
  expect(names.size).toBe(attachments.length - repeated.length)
  for (const { md5, filename } of repeated) expect(names.get(md5)).toBe(filename)
})

test('cuts attachments to the size that is allowed', async () => {
  const attachments = (await messages(SMALL, 500)).flatMap((draft) => draft.attachments)
  expect(new Set(attachments.map(({ content }) => content.sizeBytes))).toEqual(new Set([2_000]))
})

test('makes no more messages than it may', async () => {
  const generator = new MessageGenerator(tenantConfig({ ...SMALL, maxMessages: 70 }))
  const counts: number[] = []
  for (let call = 0; call < 20; call++) counts.push((await generator.next()).length)
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(70)
  expect(counts.at(-1)).toBe(0)
})
