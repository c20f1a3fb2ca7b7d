import { expect, test } from 'vitest'
import { PROFILES, SIZE_CLASSES, sizeShares } from './profile.ts'

test('has the published sizes and shares when 15 % are large, as newsletter has it', () => {
  const shares = sizeShares(PROFILES.newsletter.largeShare)
  for (const [index, { share }] of SIZE_CLASSES.entries()) expect(shares[index]).toBeCloseTo(share, 12)
})

test.each([0, 0.05, 0.5, 1])(
  'gives %s of all attachments 10 MB or more, two of three of them 10 MB',
  (largeShare) => {
    const shares = sizeShares(largeShare)
    const [small = 0, medium = 0, large = 0, xlarge = 0, huge = 0] = shares
    expect(small + medium + large).toBeCloseTo(1 - largeShare, 12)
    expect(xlarge + huge).toBeCloseTo(largeShare, 12)
    expect(xlarge).toBeCloseTo(2 * huge, 12)
  },
)
