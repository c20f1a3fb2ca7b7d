export interface Answer {
  readonly status: number
  // What a test looks into is the test's business.
  readonly body: Record<string, unknown>
}

/** Speaks to a proxy's API as a client of the real one would. */
export class ApiClient {
  readonly url: string
  readonly #token: string | undefined

  constructor(url: string, token?: string) {
    this.url = url
    this.#token = token
  }

  as(token: string | undefined): ApiClient {
    return new ApiClient(this.url, token)
  }

  get(path: string): Promise<Answer> {
    return this.#ask('GET', path)
  }

  post(path: string, body?: unknown): Promise<Answer> {
    return this.#ask('POST', path, body)
  }

  put(path: string, body: unknown): Promise<Answer> {
    return this.#ask('PUT', path, body)
  }

  delete(path: string): Promise<Answer> {
    return this.#ask('DELETE', path)
  }

  async metric(name: string, labels = ''): Promise<number> {
    const text = await (await fetch(`${this.url}/metrics`)).text()
    const lines = text
      .split('\n')
      .filter((line) => new RegExp(`^${name}({[^}]*${labels}[^}]*})? `).test(line))
    return lines.reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' '))), 0)
  }

  async #ask(method: string, path: string, body?: unknown): Promise<Answer> {
    const headers: Record<string, string> = this.#token === undefined ? {} : { 'X-API-Token': this.#token }
    if (body !== undefined) headers['content-type'] = 'application/json'
    const json = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers,
      ...(json === undefined ? {} : { body: json }),
    })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }
}
