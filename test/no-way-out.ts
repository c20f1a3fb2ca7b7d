import { BlockList, isIP, Socket } from 'node:net'
import { afterEach } from 'vitest'

/**
 * Set up for the tests of this repository: none of them connects to another machine, whatever it connects with. Mocks of
 * HTTP do not see to that: msw 3 passes over `onUnhandledRequest`, which msw 2 had (now `onUnhandledFrame`), warns and
 * lets the request out, and sees nothing of undici's `request`. Who catches the error fails all the same.
 */
const own = new BlockList()
own.addSubnet('127.0.0.0', 8, 'ipv4')
own.addAddress('::1', 'ipv6')

const tried: string[] = []
const connect = Symbol.for('mailstorm.connect')
type Connect = (...args: readonly unknown[]) => Socket
const sockets = Socket.prototype as unknown as { connect: Connect; [connect]?: Connect }

// Files that share a process share the sockets, and each of them has its own `tried`.
sockets[connect] ??= sockets.connect
const original = sockets[connect]
sockets.connect = function connectHere(this: Socket, ...args) {
  const place = placeOf(args)
  if (place === undefined) return original.apply(this, [...args])
  tried.push(place)
  // As a connection that fails: who waits for it is told in the next turn.
  return this.destroy(new Error(`a test connects to ${place}, and tests connect to this machine alone`))
}

afterEach(() => {
  const places = tried.splice(0)
  if (places.length === 0) return
  throw new Error(
    `Tests connect to this machine alone (test/no-way-out.ts), and this one tried ${places.join(', ')}.`,
  )
})

/** Where the arguments of `connect` lead, if that is another machine, or a name that a name server is asked for. */
function placeOf(args: readonly unknown[]): string | undefined {
  // As net.connect() hands them on: in an array of their own.
  const [first, second] = (Array.isArray(args[0]) ? args[0] : args) as readonly unknown[]
  if (typeof first === 'string' && Number.isNaN(Number(first))) return undefined
  const given =
    typeof first === 'object' && first !== null
      ? (first as Record<string, unknown>)
      : { port: first, host: second }
  const { path, host, port, lookup } = given
  // A Unix socket; or a look-up of the test's own, which asks nobody.
  if (typeof path === 'string' || typeof host !== 'string' || host === '' || host === 'localhost')
    return undefined
  if (isIP(host) === 0) return typeof lookup === 'function' ? undefined : `${host}:${String(port)}`
  return own.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4') ? undefined : `${host}:${String(port)}`
}
