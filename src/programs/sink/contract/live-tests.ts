import { expect } from 'vitest'
import type { ContractTest } from './hog.ts'

export const liveTests: readonly ContractTest[] = [
  {
    title: 'sends every stored message over the websocket, as the JSON of the API',
    async run(hog) {
      const socket = new WebSocket(`${hog.apiUrl.replace('http', 'ws')}/api/v2/websocket`)
      const texts: string[] = []
      let wake = () => {}
      socket.onmessage = ({ data }) => {
        texts.push(data as string)
        wake()
      }
      await new Promise((resolve, reject) => {
        socket.onopen = resolve
        socket.onerror = reject
      })
      await hog.sendMany(3)
      while (texts.length < 3)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      socket.close()
      expect(texts.map((text) => JSON.parse(text))).toEqual((await hog.list()).items.toReversed())
      expect(texts[0]).toMatch(/^\{"ID":.*\}\n$/)
    },
  },
  {
    title: 'closes a websocket on which the client says something',
    async run(hog) {
      const socket = new WebSocket(`${hog.apiUrl.replace('http', 'ws')}/api/v2/websocket`)
      const closed = new Promise<CloseEvent>((resolve) => {
        socket.onclose = resolve
      })
      socket.onopen = () => socket.send('hi')
      expect((await closed).code).toBe(1009)
    },
  },
  {
    title: 'answers 400 to a websocket request that asks for no upgrade',
    async run(hog) {
      const response = await hog.fetch('/api/v2/websocket')
      expect([response.status, response.headers.get('sec-websocket-version')]).toEqual([400, '13'])
    },
  },
  {
    title: 'sends a stored message as a server-sent event of several data lines',
    async run(hog) {
      using stream = await EventText.open(`${hog.apiUrl}/api/v1/events`)
      const id = await hog.send('Subject: live\r\n\r\nhello')
      const [event] = await stream.events(1)
      expect(event?.split('\n').every((line) => line.startsWith('data: '))).toBe(true)
      expect(event?.split('\n').length).toBeGreaterThan(10)
      expect(JSON.parse(event?.replaceAll(/^data: /gm, '') ?? '')).toEqual(await hog.newest())
      expect((await hog.newest()).ID).toBe(id)
    },
  },
]

/** A server-sent event stream as text. */
export class EventText implements Disposable {
  readonly #abort: AbortController
  readonly #chunks: AsyncIterator<Uint8Array>

  static async open(url: string): Promise<EventText> {
    const abort = new AbortController()
    const response = await fetch(url, { signal: abort.signal })
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    if (response.body === null) throw new Error('The event stream has no body')
    return new EventText(abort, response.body[Symbol.asyncIterator]())
  }

  private constructor(abort: AbortController, chunks: AsyncIterator<Uint8Array>) {
    this.#abort = abort
    this.#chunks = chunks
  }

  [Symbol.dispose](): void {
    this.#abort.abort()
  }

  /** The next `count` events, each ended by an empty line. */
  async events(count: number): Promise<string[]> {
    let text = ''
    for (;;) {
      const events = text.split('\n\n')
      if (events.length > count) return events.slice(0, count)
      const { value, done } = await this.#chunks.next()
      if (done) throw new Error(`The stream ended after ${events.length - 1} events`)
      text += Buffer.from(value).toString('latin1')
    }
  }
}
