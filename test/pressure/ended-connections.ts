import pg from 'pg'

// Preloaded into a proxy: a fault on purpose, that nobody listens to what happens to its database connections. The end
// of one is then an error that nobody handles, which ends the process.

const { on } = pg.Client.prototype
const deaf: typeof on = function (this: pg.Client, ...[name, listener]: Parameters<typeof on>) {
  return (name as string) === 'error' ? this : on.call(this, name, listener)
}
pg.Client.prototype.on = deaf
