/** Testcontainers reads some of its settings from the environment only; this one holds while `body` runs. */
export async function withEnvironment<T>(name: string, value: string, body: () => Promise<T>): Promise<T> {
  const before = process.env[name]
  process.env[name] = value
  try {
    return await body()
  } finally {
    if (before === undefined) delete process.env[name]
    else process.env[name] = before
  }
}
