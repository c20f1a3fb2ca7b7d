import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Random } from '../../src/random.ts'

/** A message as a server must get it, by the value of its X-Test header, without what mailstorm puts on top. */
export type Expected = ReadonlyMap<string, string>

const WORDS = [
  'lorem',
  'ipsum',
  'Gr\xc3\xbc\xc3\x9fe',
  '\xe9t\xe9',
  'dolor',
  'From',
  '>From',
  'sit',
  'amet',
  '=',
  '',
]
const LINES = [
  '.',
  '..',
  '.leading',
  'From here on',
  '>From there',
  '>>From nowhere',
  '',
  '  indented',
  '\ttab',
]
/** Of which one of a hundred is large. */
const SIZES = [200, 2_000, 10_000, 40_000, 120_000]
const WEIGHTS = [30, 40, 20, 9, 1]

/** Octets as Latin-1; lines end in CRLF. */
function message(name: string, random: Random): string {
  const size = SIZES[random.weighted(WEIGHTS)] ?? 0
  const hasAttachment = random.chance(0.3)
  const head = [
    'Received: from a (a [192.0.2.1])\r\n\tby b with ESMTP; Sat, 28 Nov 2026 10:00:00 +0000',
    'From: "Ann \\"A\\" Example" <ann@example.test>',
    random.chance(0.1)
      ? `To: ${Array.from({ length: 3_000 }, (_, at) => `user${at}@example.test`).join(',\r\n ')}`
      : 'To: bob@example.test',
    'Bcc: hidden@example.test',
    `Subject: =?utf-8?q?${'x'.repeat(random.whole(0, 40))}?=`,
    `X-Test: ${name}`,
    ...(random.chance(0.8) ? [`Message-ID: <${name}@example.test>`] : []),
    'MIME-Version: 1.0',
    hasAttachment
      ? 'Content-Type: multipart/mixed; boundary="=_b"'
      : 'Content-Type: text/plain; charset=utf-8',
  ].join('\r\n')
  const body = hasAttachment ? withAttachment(size, random) : text(size, random)
  return `${head}\r\n\r\n${body}`
}

function text(size: number, random: Random): string {
  let body = ''
  while (body.length < size) {
    const words = Array.from({ length: random.whole(0, 12) }, () => WORDS[random.whole(0, WORDS.length - 1)])
    const line = random.chance(0.1) ? LINES[random.whole(0, LINES.length - 1)] : words.join(' ')
    body += `${line}\r\n`
  }
  return body
}

function withAttachment(size: number, random: Random): string {
  const octets = Buffer.from(Array.from({ length: Math.ceil(size / 2) }, () => random.whole(0, 255)))
  const lines = octets.toString('base64').replace(/(.{76})/g, '$1\r\n')
  const type = 'Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64'
  return `--=_b\r\n\r\n${text(100, random)}--=_b\r\n${type}\r\n\r\n${lines}\r\n--=_b--\r\n`
}

/** `count` messages as .eml files with CRLF and with LF, and in an mbox and a Maildir below `folder`. */
export function writeCorpus(folder: string, count: number, seed: number): Expected {
  const random = new Random(`corpus files ${seed}`)
  const expected = new Map<string, string>()
  const mbox: string[] = []
  for (let at = 0; at < count; at++) {
    const name = `m${at}`
    const octets = message(name, random)
    expected.set(name, octets)
    const unix = octets.replaceAll('\r\n', '\n')
    const kind = at % 4
    if (kind === 0) write(folder, `crlf/${name}.eml`, octets)
    else if (kind === 1) write(folder, `lf/${name}.eml`, unix)
    else if (kind === 2) write(folder, `Maildir/cur/${at}.M1.host:2,S`, unix)
    else mbox.push(`From ann@example.test Sat Nov 28 10:00:00 2026\n${unix.replace(/^(>*From )/gm, '>$1')}\n`)
  }
  write(folder, 'Maildir/new/.keep', '')
  write(folder, 'all.mbox', mbox.join(''))
  return expected
}

function write(folder: string, name: string, octets: string): void {
  const path = join(folder, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, octets, 'latin1')
}
