#!/usr/bin/env bash
# The official image's contract in short: POSTGRES_PASSWORD (needed), POSTGRES_USER, POSTGRES_DB, POSTGRES_INITDB_ARGS,
# /docker-entrypoint-initdb.d/*.sql and *.sh, and server options as the command.
set -euo pipefail

[ "${1:-}" != "${1#-}" ] && set -- postgres "$@"
[ "${1:-}" = postgres ] || exec "$@"

if [ "$(id -u)" = 0 ]; then
  chown -R postgres "$PGDATA"
  exec setpriv --reuid=postgres --regid=postgres --init-groups "${BASH_SOURCE[0]}" "$@"
fi

user="${POSTGRES_USER:-postgres}"
database="${POSTGRES_DB:-$user}"

# The name comes from outside: psql quotes it.
create_database() {
  [ "$database" = postgres ] && return
  psql -v ON_ERROR_STOP=1 --username "$user" --dbname postgres --set db="$database" <<<'CREATE DATABASE :"db";'
}

run_init_files() {
  local file
  for file in /docker-entrypoint-initdb.d/*; do
    case "$file" in
      *.sh) bash "$file" ;;
      *.sql) psql -v ON_ERROR_STOP=1 --no-psqlrc --username "$user" --dbname "$database" --file "$file" ;;
    esac
  done
}

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  : "${POSTGRES_PASSWORD:?Database is uninitialized and superuser password is not specified}"
  read -ra init_args <<<"${POSTGRES_INITDB_ARGS:-}"
  initdb --username="$user" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") --auth-host=scram-sha-256 --auth-local=trust \
    "${init_args[@]}"
  echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
  echo "listen_addresses = '*'" >>"$PGDATA/postgresql.conf"
  # Unix socket only: nobody outside may take this first server for the real one.
  pg_ctl -D "$PGDATA" -o "-c listen_addresses=''" -w start
  create_database
  run_init_files
  pg_ctl -D "$PGDATA" -m fast -w stop
  echo "PostgreSQL init process complete; ready for start up."
fi
exec "$@"
