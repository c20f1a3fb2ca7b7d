// @module-tag long

import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../../containers/loopback.ts'
import type { Result } from '../../src/engine/result.ts'
import { BARE_ENVIRONMENT } from '../child-process.ts'
import { GUIDE, ROOT } from '../guide/guide.ts'
import { writeCorpus } from '../truth/corpus-files.ts'
import { missing, type RunningWildServer, runInside, startWildServer } from './wild-server.ts'

const LIMIT_MS = 120_000
const reason = missing('postfix')

/** The chapter's blocks of code of one language, in their order. */
function blocks(language: string): string[] {
  const [, chapter = ''] = GUIDE.split('## 15. Your Postfix in ten minutes')
  return [...chapter.matchAll(/^```(\w*)\n([\s\S]*?)^```/gm)]
    .filter(([, name]) => name === language)
    .map(([, , text = '']) => text)
}

const [mainCf = ''] = blocks('ini')
const commands = blocks('sh')
  .join('')
  .replaceAll(/\\\n\s*/g, '')
  .split('\n')
const [isReady = '', doesItArrive = '', mailLikeYours = '', killedWithin = '', nextHopFails = ''] = commands
const killing = blocks('').find((text) => text.startsWith('pkill')) ?? ''
const [inCi = ''] = blocks('yaml').flatMap((text) => text.match(/npx mailstorm run .*/) ?? [])

describe.skipIf(reason !== undefined)(
  'the chapter of the guide, with Postfix as Debian configures it',
  () => {
    let folder: string
    let sinkPort: number
    let postfix: RunningWildServer

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'mailstorm-chapter-'))
      writeCorpus(join(folder, 'mails'), 60, 3)
      sinkPort = await freePort()
      postfix = await startWildServer('postfix', ['debian'])
      const lines = mainCf.replaceAll('2525', `${sinkPort}`)
      await runInside(postfix, `cat >>/etc/postfix/main.cf <<'END'\n${lines}END\npostfix reload`)
    })
    afterAll(() => {
      postfix[Symbol.dispose]()
      rmSync(folder, { recursive: true })
    })

    async function run(
      command: string,
      onOutput?: (text: string) => void,
      shorter: NodeJS.ProcessEnv = {},
    ): Promise<Result> {
      expect(await output(command, onOutput, shorter)).toContain('[PASSED]')
      return JSON.parse(readFileSync(join(folder, 'latest.json'), 'utf8'))
    }

    /** Of the command as it stands, to the ports that are there; it must end with 0. */
    async function output(
      command: string,
      onOutput: (text: string) => void = () => undefined,
      shorter: NodeJS.ProcessEnv = {},
    ): Promise<string> {
      const here = command
        .replace('npx mailstorm', `"${process.execPath}" "${join(ROOT, 'src/cli.ts')}"`)
        .replace(/127\.0\.0\.1:25(?= |$)/, postfix.address)
        .replace('sink:2525', `sink:${sinkPort}`)
      const env = {
        ...BARE_ENVIRONMENT,
        HOME: process.env.HOME,
        NO_COLOR: '1',
        CI: '1',
        STRESS_RESULTS_DIR: folder,
        ...shorter,
      }
      return new Promise<string>((resolve, reject) => {
        const child = execFile('bash', ['-c', here], { cwd: folder, env }, (error, stdout, stderr) => {
          if (error === null) resolve(stdout)
          else reject(new Error(stdout + stderr))
        })
        child.stdout?.on('data', onOutput)
        child.stderr?.on('data', onOutput)
      })
    }

    test('2: a hundred messages arrive', { timeout: LIMIT_MS }, async () => {
      expect(await output(isReady)).toContain('is ready for a load')
      const { ledger } = await run(doesItArrive)
      expect(ledger).toMatchObject({ verified: true, received: 100, lost: 0, account: { arrived: 100 } })
    })

    test('3: real mail to a thousand recipients', { timeout: LIMIT_MS }, async () => {
      const { ledger, workload } = await run(mailLikeYours)
      expect(workload.corpus).toMatchObject({ name: 'mails', messages: 60 })
      expect(ledger).toMatchObject({ received: 2_000, lost: 0, corrupted: 0, account: { misrouted: 0 } })
    })

    test('4: killed in the middle, Postfix keeps what it acknowledged', { timeout: LIMIT_MS }, async () => {
      let killed: Promise<string> | undefined
      const { ledger, metrics, retries } = await run(killedWithin, (text) => {
        if (/ custom: .*\d,\d{3}/.test(text)) killed ??= runInside(postfix, killing)
      })
      await killed
      expect(metrics.outcomes.accepted).toBe(5_000)
      expect(retries?.attempts).toBeGreaterThan(0)
      expect(ledger).toMatchObject({ verified: true, lost: 0, account: { arrived: 5_000, bounced: 0 } })
    })

    test('5: Postfix keeps its mail while the next hop fails', { timeout: LIMIT_MS }, async () => {
      const shorter = { STRESS_DURATION: '4', STRESS_RATE: '20', STRESS_MESSAGES: '200' }
      await run(nextHopFails, undefined, shorter)
      const [file = ''] = readdirSync(folder).filter((name) => name.endsWith('-relay--together.json'))
      const together: Result = JSON.parse(readFileSync(join(folder, file), 'utf8'))
      const { ledger, next_hop: rows = [], delivery } = together
      expect(ledger).toMatchObject({
        ...{ verified: true, acknowledged: 600, received: 600, lost: 0, duplicated: 0, corrupted: 0 },
        account: { arrived: 600, bounced: 0, misrouted: 0 },
      })
      expect(rows.map((row) => row.next_hop)).toContain('is away')
      // Until it was back, at least what was accepted while it was away was in the queue.
      expect(delivery?.most_in_between).toBeGreaterThanOrEqual(80)
      expect(rows.at(-1)?.drain_seconds).toBeGreaterThan(0)
    })

    test('6: the gate of CI', { timeout: LIMIT_MS }, async () => {
      const { ledger, thresholds } = await run(inCi)
      expect(ledger).toMatchObject({ received: 1_000, lost: 0 })
      expect(thresholds.map(({ expression }) => expression)).toContain('e2e_p(99)<10000')
    })
  },
)
