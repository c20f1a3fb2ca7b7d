# shellcheck shell=bash
# Sourced by */start: `start [PORT]` boots the server on 127.0.0.1 and returns once it has greeted.
# A second call does nothing; `stop` ends it, `restart` kills it and boots it again. WILD_HOME: where copies, queues, logs and pids are kept.
set -eu
wild=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
server=$(basename "$here")
home=${WILD_HOME:-/tmp/mailstorm-wild}

# The project's own Node, as npx takes it; the machine's may be too old for a server.
node=$wild/../../node_modules/.bin/node
[ -x "$node" ] || node=node

fail() { echo "$server: $*" >&2; exit 1; }

# fresh PORT: an own copy of the machine with the server's package, or exit 0 when it already serves.
fresh() {
  port=$1
  run=$home/run/$server-$port
  [ "$(id -u)" = 0 ] || fail 'needs root, for a mount namespace'
  if [ -e "$run/pid" ] && kill -0 "$(cat "$run/pid")" 2>/dev/null; then echo "127.0.0.1:$port"; exit 0; fi
  # Else what answers there would pass for this server.
  ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || fail "port $port is taken"
  rm -rf "$run"
  mkdir -p "$run"
  # Packages of npm, Maven and PyPI have many files: they are run from where they were installed ($lib).
  lib=$home/installed/$server/usr/local/lib/$server
  if [ -d "$home/installed/$server" ] && [[ $(cat "$here/package") != @(npm|maven|pip):* ]]; then
    cp -a "$home/installed/$server" "$run/upper"
  fi
  [[ $(cat "$here/package") != trixie:* ]] || ln -s "$home/debian-trixie" "$run/lower"
  # No name server: what a server asks about its clients would leave the machine, or wait 5 s for nobody.
  printf 'nameserver 127.0.0.1\n' | install -D -m 644 /dev/stdin "$run/upper/etc/resolv.conf"
  # The client trusts it by NODE_EXTRA_CA_CERTS=$run/upper/etc/mailstorm/cert.pem.
  mkdir -p "$run/upper/etc/mailstorm"
  openssl req -x509 -newkey rsa:2048 -nodes -days 7 -subj /CN=mx.mailstorm.test \
    -addext 'subjectAltName=DNS:mx.mailstorm.test,IP:127.0.0.1' \
    -keyout "$run/upper/etc/mailstorm/key.pem" -out "$run/upper/etc/mailstorm/cert.pem" 2>/dev/null
}

# serving [PORT]: for `count PORT [API_PORT…]`, with the ports that `start` had. It prints how many messages the server took
# since its start, by its own log or store, and for how many recipients: `MESSAGES RECIPIENTS`, `-` for what it does not know.
serving() {
  port=$1
  run=$home/run/$server-$port
  [ -e "$run/pid" ] || fail "nothing serves on port $port"
}

# put FILE PATH: FILE of this folder as PATH in the copy, @PORT@ replaced.
put() { sed "s/@PORT@/$port/g" "$here/$1" | install -D -m 644 /dev/stdin "$run/upper$2"; }

# resolver: for a server that waits while no name server answers. /etc/mailstorm/resolver, to be run before it, knows no name.
resolver() {
  # An address of the port's own.
  address=127.$((port / 256)).$((port % 256)).53
  install -m 644 "$wild/resolver.py" "$run/upper/etc/mailstorm/resolver.py"
  printf '#!/bin/sh\nexec python3 /etc/mailstorm/resolver.py %s\n' "$address" >"$run/upper/etc/mailstorm/resolver"
  chmod 755 "$run/upper/etc/mailstorm/resolver"
  echo "nameserver $address" >"$run/upper/etc/resolv.conf"
}

# inside COMMAND…: in the copy, before the server starts there.
inside() { "$wild/inside" "$run" "$@"; }

# within COMMAND…: among the processes and files of the server that serves.
within() { nsenter --target "$(pgrep -P "$(<"$run/pid")")" --mount --pid --root --wd "$@"; }

greets() { (exec 3<>"/dev/tcp/127.0.0.1/$port" && read -r -t 5 line <&3 && [[ $line = 220* ]] && echo QUIT >&3) 2>/dev/null; }

# serve COMMAND…: runs it in the foreground of the copy; returns after its 220, with the address.
serve() {
  printf '%s\0' "$@" >"$run/command"
  setsid "$wild/inside" "$run" "$@" </dev/null >"$run/log" 2>&1 &
  echo $! >"$run/pid"
  # A JVM on a busy machine takes its time.
  for _ in $(seq 300); do
    if greets; then echo "127.0.0.1:$port"; return; fi
    kill -0 "$(cat "$run/pid")" 2>/dev/null || fail "ended at once: $(tail -n 20 "$run/log")"
    sleep 0.1
  done
  said=$(tail -n 20 "$run/log")
  "$wild/stop" "$server" "$port"
  fail "no 220 within 30 s: $said"
}

# held: for `count` of a library, what its wrapper counted, asked for at the port that the wrapper wrote down.
held() { curl -sSf "http://127.0.0.1:$(<"$run/upper/etc/mailstorm/count-port")/"; }

# taken: the same where it wrote a line "OCTETS RECIPIENTS" for each message.
taken() { awk '{ recipients += $2 } END { print NR, recipients + 0 }' "$run/upper/var/lib/taken"; }
