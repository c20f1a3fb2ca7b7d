import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readCorpus } from './corpus.ts'
import { CorpusContent } from './corpus-content.ts'
import { IndexReader } from './corpus-index.ts'
import { folderWith } from './folder.fixture.ts'

/** The messages of a corpus as they are sent, by the order in the files, without what is put on top. */
async function sentOf(place: string, count?: number): Promise<string[]> {
  const corpus = await readCorpus(place)
  if (count !== undefined) expect(corpus.summary.messages).toBe(count)
  const content = new CorpusContent({ corpus, runId: 'run', seed: 1 })
  const sent: string[] = []
  for (let message = 0; message < corpus.summary.messages; message++) {
    const [head, rest] = content.octetsOf(message)
    const octets = Buffer.concat([head ?? Buffer.alloc(0), rest ?? Buffer.alloc(0)])
    expect(content.sizeOf(message)).toBe(octets.length)
    const text = octets.toString('latin1')
    const bodyAt = text.indexOf('\r\n\r\n')
    const body = bodyAt === -1 ? Buffer.alloc(0) : octets.subarray(bodyAt + 4)
    expect(/X-Mailstorm-Body-Crc: (\w+)\r\n/.exec(text)?.[1]).toBe(crc32(body).toString(16).padStart(8, '0'))
    sent[content.rowOf(message)] = rest?.toString('latin1') ?? ''
  }
  return sent
}

async function problemsOf(files: Readonly<Record<string, string | Buffer>>): Promise<string> {
  const folder = folderWith(files)
  return readCorpus(folder).then(
    () => 'none',
    (error: Error) => error.message.replaceAll(folder, 'mails'),
  )
}

const EML = 'From: a@example.test\nSubject: hello\n\ntext\n'
const CRLF = EML.replaceAll('\n', '\r\n')

test.each([
  ['with LF', EML, CRLF],
  ['with CRLF', CRLF, CRLF],
  ['with both', 'A: b\r\nC: d\n\nx\r\ny\n', 'A: b\r\nC: d\r\n\r\nx\r\ny\r\n'],
  ['whose last line has no end', EML.slice(0, -1), CRLF],
  ['that is a header alone', 'A: b\nC: d\n', 'A: b\r\nC: d\r\n'],
  ['that is a header without its last line end', 'A: b', 'A: b\r\n'],
  ['with an empty body', 'A: b\n\n', 'A: b\r\n\r\n'],
  ['with dots, which only the wire doubles', 'A: b\n\n.\n..x\n', 'A: b\r\n\r\n.\r\n..x\r\n'],
  ['with 8-bit text as it is', 'A: b\n\n\xe9\xff\n', 'A: b\r\n\r\n\xe9\xff\r\n'],
  ['with >From in its body, which no mbox has quoted', 'A: b\n\n>From me\n', 'A: b\r\n\r\n>From me\r\n'],
  ['with folded and obsolete fields', 'A : b\n c\n\td\nE:\n\nf\n', 'A : b\r\n c\r\n\td\r\nE:\r\n\r\nf\r\n'],
  [
    'with headers of an earlier run',
    'X-Mailstorm-Id: a-1\nA: b\nX-MAILSTORM-body-crc:\n 12\n\tx\nC: d\n\nx\n',
    'A: b\r\nC: d\r\n\r\nx\r\n',
  ],
])('sends a message %s', async (_what, file, sent) => {
  expect(await sentOf(folderWith({ '1.eml': file }))).toEqual([sent])
})

test('puts its headers on top, and a Message-ID only where there is none', async () => {
  const corpus = await readCorpus(folderWith({ '1.eml': 'A: b\n\n', '2.eml': 'message-id: <x@y>\n\n' }))
  const content = new CorpusContent({ corpus, runId: 'run', seed: 1 })
  const heads = [0, 1].map((message) => {
    const [head] = content.octetsOf(message)
    return [content.rowOf(message), head?.toString('latin1').replace(/run-000000000\d/g, 'ID')]
  })
  expect(new Map(heads as [number, string][])).toEqual(
    new Map([
      [0, 'X-Mailstorm-Id: ID\r\nMessage-ID: <ID@mailstorm.test>\r\nX-Mailstorm-Body-Crc: 00000000\r\n'],
      [1, 'X-Mailstorm-Id: ID\r\nX-Mailstorm-Body-Crc: 00000000\r\n'],
    ]),
  )
  const numbers = [0, 1, 4_200_000_000].map((message) =>
    content.octetsOf(message)[0]?.toString('latin1', 16, 30),
  )
  expect(numbers).toEqual(['run-0000000000', 'run-0000000001', 'run-4200000000'])
})

const DATE = 'Sat Jan  3 01:05:34 1996'

test('splits an mbox, and takes away one > of each line that was quoted', async () => {
  const mbox = [
    `From a@example.test ${DATE}\nA: 1\n\n>From here\n>>From there\n> From x\n\n`,
    `From MAILER-DAEMON Fri Jul  8 12:08:34 2011\nA: 2\n\ntwo\n\n\n`,
    `From 1@xxx Thu Jan 01 00:00:00 +0000 2015\nA: 3\n\n`,
    `From - ${DATE}\nA: 4\n\nfour\n`,
  ].join('')
  const messages = [
    'A: 1\r\n\r\nFrom here\r\n>From there\r\n> From x\r\n',
    'A: 2\r\n\r\ntwo\r\n\r\n',
    'A: 3\r\n\r\n',
    'A: 4\r\n\r\nfour\r\n',
  ]
  expect(await sentOf(folderWith({ all: mbox }), 4)).toEqual(messages)
  expect(await sentOf(folderWith({ 'all.mbox': mbox.replaceAll('\n', '\r\n') }), 4)).toEqual(messages)
})

test('the empty line that ends an mbox is not of its last message', async () => {
  expect(await sentOf(folderWith({ all: `From a ${DATE}\nA: 1\n\none\n\n` }))).toEqual([
    'A: 1\r\n\r\none\r\n',
  ])
  expect(await sentOf(folderWith({ all: `From a ${DATE}\nA: 1\n\none\n\n\n` }))).toEqual([
    'A: 1\r\n\r\none\r\n\r\n',
  ])
})

test('a line that begins with From is text without an empty line before it, or without a date', async () => {
  const mbox = `From a ${DATE}\nA: 1\n\nx\nFrom b ${DATE}\n\nFrom now on\n`
  expect(await sentOf(folderWith({ all: mbox }), 1)).toEqual([
    `A: 1\r\n\r\nx\r\nFrom b ${DATE}\r\n\r\nFrom now on\r\n`,
  ])
})

test('an mbox with lines that nobody has quoted has no quoted ones either', async () => {
  const mbox = `From a ${DATE}\nA: 1\n\n>From x\n\nFrom b ${DATE}\nA: 2\n\nFrom y\n`
  expect(await sentOf(folderWith({ all: mbox }), 2)).toEqual([
    'A: 1\r\n\r\n>From x\r\n',
    'A: 2\r\n\r\nFrom y\r\n',
  ])
})

const line = fc.oneof(
  fc.constantFrom(
    '',
    '',
    'text',
    '.',
    '..',
    'From me',
    '>From me',
    '>>From',
    '> From x',
    ' ',
    '\xe9',
    'A: b',
  ),
  fc.string({ unit: fc.constantFrom('a', ' ', '>', '.', '\xff'), maxLength: 998 }),
)
const body = fc.array(line, { maxLength: 30 })

test('whatever is written as mboxrd is sent as it was', { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(body, { minLength: 1, maxLength: 5 }), fc.boolean(), async (bodies, crlf) => {
      const end = crlf ? '\r\n' : '\n'
      const messages = bodies.map((lines) => ['A: b', '', ...lines].map((text) => `${text}\r\n`).join(''))
      const mbox = bodies.map((lines) => {
        const quoted = lines.map((text) => (/^>*From /.test(text) ? `>${text}` : text))
        return [`From a ${DATE}`, 'A: b', '', ...quoted, ''].map((text) => text + end).join('')
      })
      expect(await sentOf(folderWith({ all: mbox.join('') }))).toEqual(messages)
    }),
    { numRuns: 100 },
  )
})

test('a file is read in pieces, wherever lines end', async () => {
  const lines = Array.from({ length: 40_000 }, (_, at) => `${'x'.repeat(at % 90)}${at % 7 === 0 ? '\r' : ''}`)
  const [file] = [`A: b\n\n${lines.join('\n')}\n`]
  expect(file.length).toBeGreaterThan(6 * 256 * 1024)
  const sent = await sentOf(folderWith({ '1.eml': file }))
  expect(sent[0] === file.replaceAll('\r\n', '\n').replaceAll('\n', '\r\n')).toBe(true)
  const mbox = `From a ${DATE}\n${file}\n`.repeat(2)
  const both = await sentOf(folderWith({ all: mbox }), 2)
  expect(both.map((text) => text === sent[0])).toEqual([true, true])
})

test('tells of each message what servers must offer for it', async () => {
  const corpus = await readCorpus(
    folderWith({
      '1.eml': 'A: b\n\nx\n',
      '2.eml': 'A: b\n\n\xe9\n',
      '3.eml': 'A: \xc3\xa9\n\nlonger line\n',
      '4.eml': 'A: \xe9\n\n.\n',
    }),
  )
  const content = new CorpusContent({ corpus, runId: 'run', seed: 1 })
  const traits = [0, 1, 2, 3].map((message) => [content.rowOf(message), content.traits(message)] as const)
  const none = { eightBit: false, utf8Headers: false, longestLine: 4, dotLines: false }
  expect(new Map(traits)).toEqual(
    new Map([
      [0, none],
      [1, { ...none, eightBit: true }],
      [2, { ...none, eightBit: true, utf8Headers: true, longestLine: 11 }],
      [3, { ...none, eightBit: true, dotLines: true }],
    ]),
  )
})

test.each([
  [
    'a line over 998 octets',
    `A: b\n\nx\n${'y'.repeat(999)}\n`,
    'mails/1.eml:4: a line of 999 octets, and 998 may be in one (RFC 5322 2.1.1)',
  ],
  [
    'one in the header',
    `A: ${'y'.repeat(996)}\n\n`,
    'mails/1.eml:1: a line of 999 octets, and 998 may be in one (RFC 5322 2.1.1)',
  ],
  [
    'one longer than a piece',
    `A: b\n\n${'y'.repeat(600_000)}\nx\n`,
    'mails/1.eml:3: a line of 262,144 octets or more, and 998 may be in one (RFC 5322 2.1.1)',
  ],
  ['a NUL', 'A: b\n\nx\0\n', 'mails/1.eml:3: a NUL (RFC 5322 4.1)'],
  ['a bare CR', 'A: b\r\n\r\nx\ry\r\n', 'mails/1.eml:3: a CR without LF (RFC 5322 2.3)'],
  ['a bare CR at the end', 'A: b\n\nx\r', 'mails/1.eml:3: a CR without LF (RFC 5322 2.3)'],
  ['a header that is none', 'A: b\nhello world\n\nx\n', 'mails/1.eml:2: no header field: "hello world"'],
  ['a file that is no mail', '# Read me\n', 'mails/1.eml:1: no mail: it begins with "# Read me"'],
  ['an empty line first', '\nA: b\n', 'mails/1.eml:1: no mail: it begins with an empty line'],
  [
    'octets that are no text',
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 0, 1]),
    'mails/1.eml:1: no mail: it begins with "PNG"',
  ],
  ['an empty file', '', 'mails/1.eml is empty'],
  ['an mbox without messages', `From a ${DATE}\n`, 'mails/1.eml:1: no mail: it has no header'],
])('refuses %s, with file and line', async (_what, file, problem) => {
  expect(await problemsOf({ '1.eml': file, '2.eml': EML })).toBe(
    `Failed to read the corpus: 1 of 2 messages cannot be sent:\n  ${problem}\nMend or remove them, or name the others by a glob, such as "mails/**/*.eml".`,
  )
})

test('a line of 998 octets is allowed, also where an mbox made it longer', async () => {
  expect(await problemsOf({ '1.eml': `A: b\n\n${'y'.repeat(998)}\n` })).toBe('none')
  expect(await problemsOf({ all: `From a ${DATE}\nA: b\n\n>${'From '.padEnd(998, 'x')}\n` })).toBe('none')
})

test('lists the first of many messages that are wrong, and counts the others', async () => {
  const files = Object.fromEntries(
    Array.from({ length: 1_200 }, (_, at) => [`${String(at).padStart(4, '0')}.eml`, 'A: b\n\n\0\n']),
  )
  const text = await problemsOf({ ...files, 'good.eml': EML })
  expect(text.split('\n')).toEqual([
    'Failed to read the corpus: 1,200 of 1,201 messages cannot be sent:',
    ...[0, 1, 2, 3, 4].map((at) => `  mails/000${at}.eml:3: a NUL (RFC 5322 4.1)`),
    '  … and 1,195 more',
    expect.stringContaining('Mend or remove them'),
  ])
})

test('refuses a folder without mail, also beside one that has some', async () => {
  const folder = folderWith({ 'a/1.eml': EML, 'b/.keep': '' })
  await expect(readCorpus(join(folder, 'b'))).rejects.toThrow(/".*b" has no mail\./)
  await expect(readCorpus(`${folder}/a:1,${folder}/b:1`)).rejects.toMatchObject({ code: 'BAD_CORPUS' })
})

test.skipIf(process.platform === 'win32')('does not wait for a named pipe', async () => {
  const folder = folderWith({ '1.eml': EML })
  execFileSync('mkfifo', [join(folder, '2.eml')])
  await expect(readCorpus(folder)).rejects.toThrow('2.eml is not a file')
})

test('says what the corpus is', async () => {
  const files = Object.fromEntries(
    Array.from({ length: 99 }, (_, at) => [`${at}.eml`, `A: b\r\n\r\n${'x'.repeat(at)}\r\n`]),
  )
  const { summary } = await readCorpus(folderWith({ ...files, 'all.mbox': `From a ${DATE}\nA: b\n\nx\n` }))
  expect(summary).toEqual({
    messages: 100,
    files: 100,
    mboxes: 1,
    bytes: 100 * 10 + (99 * 98) / 2 + 1,
    meanBytes: 59,
    digest: expect.stringMatching(/^[0-9a-f]{16}$/),
    sizeBytes: { min: 10, p50: 58, p90: 98, p99: 107, max: 108 },
  })
})

test.each([
  ['removed', (path: string) => rmSync(path)],
  ['shorter', (path: string) => writeFileSync(path, EML.slice(0, -2))],
  ['of the same length, and another', (path: string) => writeFileSync(path, EML.replace('text', 'else'))],
])('a file that is %s when its message is to be sent is told, not sent', async (_how, change) => {
  const folder = folderWith({ '1.eml': EML })
  const corpus = await readCorpus(folder)
  const content = new CorpusContent({ corpus, runId: 'run', seed: 1 })
  change(join(folder, '1.eml'))
  expect(() => content.octetsOf(0)).toThrow(
    expect.objectContaining({ code: 'CORPUS_CHANGED', message: expect.stringContaining('1.eml: ') }),
  )
})

test('names a message by its file, and by its place where the file has several', async () => {
  const folder = folderWith({ '1.eml': EML, all: `From a ${DATE}\nA: b\n\nx\n\n`.repeat(3) })
  const { index } = await readCorpus(folder)
  const reader = new IndexReader(index)
  expect([0, 1, 3].map((row) => reader.nameOf(row).replace(folder, ''))).toEqual([
    '/1.eml',
    '/all, message 1',
    '/all, message 3',
  ])
})
