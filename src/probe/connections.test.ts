import { expect, test } from 'vitest'
import { connectionsRow } from './connections.ts'
import type { ProbeVerdict } from './report.ts'
import type { Ending } from './talk.ts'

test.each<[Ending, ProbeVerdict, note: string]>([
  ['time over', 'unknown', '7; the next one is connected and waits'],
  ['closed', 'deviates', '7; the next one is turned away without 421'],
  ['reset', 'deviates', '7; the next one is turned away without 421'],
  ['refused', 'conforms', '7, then its listening socket is closed'],
  ['no connection', 'unknown', '7, then no connection within 10 s'],
  ['unreachable', 'unknown', '7, then no route to it'],
  // Not a limit of the server's.
  ['local', 'unknown', '7, then this machine could open no more connections'],
])('seven connections, then %s: %s', (ending, verdict, note) => {
  const next = { name: 'next', sent: '', replies: [], ending, tookMs: 10_000 }
  expect(connectionsRow({ greeted: 7, next, timeOver: false }, 20)).toMatchObject({ verdict, note })
})
