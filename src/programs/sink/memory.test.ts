import { expect, test } from 'vitest'
import { heldBytes } from '../../held-memory.fixture.ts'
import { newMessageId } from './smtp/connection.ts'
import { DigestFields } from './smtp/content-digest.ts'
import { Intake } from './smtp/intake.ts'
import { Store } from './store/store.ts'

const MESSAGES = 20_000

test('holds less than 512 bytes of memory per message, whatever its size', async () => {
  const store = new Store()
  const fields = new DigestFields(['X-Mailstorm-Id'])
  const intake = new Intake({ store, headerOnly: false, fields, onStored: () => {} })
  await receive(intake, MESSAGES)
  store.deleteAll()
  const beforeBytes = heldBytes()
  await receive(intake, MESSAGES)
  const perMessage = (heldBytes() - beforeBytes) / MESSAGES
  expect(store.count).toBe(MESSAGES)
  expect(perMessage).toBeLessThan(512)
  // And it is held: otherwise nothing was measured.
  expect(perMessage).toBeGreaterThan(100)
  store.close()
})

async function receive(intake: Intake, messages: number): Promise<void> {
  const padding = 'x'.repeat(10_240)
  for (let n = 0; n < messages; n++) {
    const content = intake.begin()
    content.push(Buffer.from(`X-Mailstorm-Id: 20261122-034000-burst-${n}\r\n\r\n${padding}\r\n`))
    // As the dialogue makes them: parts of a longer string.
    const line = `FROM:<sender-${n}@client.example.test> TO:<recipient-${n}@server.example.test>`
    const [from = '', to = ''] = line.match(/(?<=<)[^>]+/g) ?? []
    const envelope = { id: newMessageId('mailhog.example'), from, to: [to], helo: '' }
    await new Promise((resolve) => intake.add(envelope, content.end(), resolve))
  }
}
