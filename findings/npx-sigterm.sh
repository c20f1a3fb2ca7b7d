#!/usr/bin/env bash
# npm 11.19.1 (npm), with dash as /bin/sh (Debian, Ubuntu). Seen on 2026-11-29.
#
# npx runs its command through `sh -c`. SIGTERM to npx, as `kill`, a service manager or a CI runner sends it, is handed
# to that shell alone: dash ends of it, npx ends with 143, and the command itself never hears of it. It runs on as an
# orphan, with process 1 (or a subreaper) as its parent. Ctrl-C in a terminal is another matter: that goes to the
# whole process group.
#
# Output seen:
#   SIGTERM to npx: npx ended with 143
#   the command: still running, without its parent
set -eu -o pipefail
case $(readlink -f /bin/sh) in */dash) ;; *) echo "skipped: /bin/sh is not dash"; exit 0 ;; esac
work=$(mktemp -d)
trap 'kill -KILL "$(cat "$work/pid" 2>/dev/null)" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund npm@11.19.1
cat >node_modules/.bin/waits <<'NODE'
#!/usr/bin/env node
const { writeFileSync, renameSync } = require('node:fs')
process.on('SIGTERM', () => writeFileSync('heard', ''))
writeFileSync('pid.part', String(process.pid))
renameSync('pid.part', 'pid')
setTimeout(() => {}, 30_000)
NODE
chmod +x node_modules/.bin/waits
node node_modules/npm/bin/npx-cli.js --no waits &
npx=$!
until [ -f pid ]; do kill -0 $npx; sleep 0.1; done
shell=$(ps -o ppid= -p "$(cat pid)")
kill -TERM $npx
code=0
wait $npx || code=$?
echo "SIGTERM to npx: npx ended with $code" | tee output
if kill -0 "$(cat pid)" 2>/dev/null && [ ! -f heard ] && [ "$(ps -o ppid= -p "$(cat pid)")" != "$shell" ]; then
  echo 'the command: still running, without its parent' | tee -a output
else
  echo 'the command: ended, or told' | tee -a output
fi
cat >expected <<'TEXT'
SIGTERM to npx: npx ended with 143
the command: still running, without its parent
TEXT
diff expected output
