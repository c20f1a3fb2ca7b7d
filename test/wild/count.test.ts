// @module-tag long

import { describe, expect, it } from 'vitest'
import { countedText } from '../../scripts/wild/docs/words.ts'
import { boot } from '../../scripts/wild/measure/booted.ts'
import { readRecords } from '../../scripts/wild/record.ts'
import { readServerFile, serverNames } from '../../scripts/wild/server-file.ts'
import { runLoad } from '../../src/run/load.ts'
import { missing } from './wild-server.ts'

const LIMIT_MS = 90_000
const MESSAGES = 20

const records = readRecords()

/** Those that docs/servers tells a count of. */
const COUNTING = serverNames().flatMap((name) => {
  const record = records.get(name)
  const counted = record === undefined ? undefined : countedText(record, 'commands')
  return counted === undefined ? [] : [{ name, isSame: counted.isSame }]
})

describe.each(COUNTING)('$name', ({ name, isSame }) => {
  const reason = missing(name)
  if (reason !== undefined) {
    it.skip(reason)
    return
  }

  it(
    isSame ? 'counts itself what it acknowledged' : 'counts something else, as docs/servers tells',
    async () => {
      const file = readServerFile(name)
      await using server = await boot(name, file, file.load_arguments)
      const { metrics } = await runLoad({
        ...{ targets: [server.address], executor: 'shared-iterations', messages: MESSAGES, workers: 2 },
        ...{ size: 'small', recipient: file.recipient, pipeliningTrial: false },
        ...(file.auth === undefined ? {} : { auth: file.auth }),
      })
      expect(metrics.successful_messages).toBe(MESSAGES)
      const counted = async () => {
        const { messages, recipients } = (await server.count()) ?? {}
        return (messages ?? MESSAGES) === MESSAGES && (recipients ?? MESSAGES) === MESSAGES
      }
      await expect.poll(counted).toBe(isSame)
    },
    LIMIT_MS,
  )
})
