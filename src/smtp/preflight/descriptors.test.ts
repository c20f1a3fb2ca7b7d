import { describe, expect, it } from 'vitest'
import { checkDescriptors, DESCRIPTOR_MARGIN, readProcLimits } from './preflight.ts'

const limits = (soft: string) => () =>
  [
    'Limit                     Soft Limit           Hard Limit           Units     ',
    'Max processes             96365                96365                processes ',
    `Max open files            ${soft.padEnd(20)} 1048576              files     `,
    'Max locked memory         8388608              8388608              bytes     ',
  ].join('\n')

describe('checkDescriptors', () => {
  it.each([
    ['1024', 1024 - DESCRIPTOR_MARGIN],
    ['unlimited', 1_000_000],
    ['20000', 1],
  ])('lets through, with a limit of %s, %d sessions', (soft, sessions) => {
    expect(() => checkDescriptors(sessions, limits(soft))).not.toThrow()
  })

  it('refuses one session more than there is room for, and names the command', () => {
    expect(() => checkDescriptors(1024 - DESCRIPTOR_MARGIN + 1, limits('1024'))).toThrow(
      [
        'Failed to plan 769 sessions: this process may open 1,024 files, and 1,025 are needed.',
        'Raise the limit with "ulimit -n 1025" in the shell that starts the run, or use fewer sessions.',
      ].join('\n'),
    )
  })

  it.each([
    ['there is no /proc', () => undefined],
    ['the file has another form', () => 'Max open files: many'],
  ])('refuses nothing where %s', (_, readLimits) => {
    expect(() => checkDescriptors(1_000_000, readLimits)).not.toThrow()
  })

  it.runIf(process.platform === 'linux')('finds the limit of this very process', () => {
    expect(() => checkDescriptors(Number.MAX_SAFE_INTEGER, readProcLimits)).toThrow(/may open [\d,]+ files/)
  })
})
