#!/usr/bin/env bash
# npm 11.19.1 (npm) on Node 20.20.2, with vitest as the package. Seen on 2026-11-30, when vitest 5.1.2 was the latest.
#
# `npm install NAME` is usually read as "the latest". It is a range: where the version that the tag `latest` names does not
# allow the Node that runs npm (`engines`), npm installs the newest older version that does, here another major, writes
# that one's range to package.json, and says nothing: no warning, exit code 0. `npm install NAME@latest` installs the
# latest all the same, with the warning EBADENGINE; so the short form, which everybody types, is the one that does not tell.
#
# Output seen:
#   npm install vitest: an older major, no warning
#   npm install vitest@latest: the latest, EBADENGINE
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund node@20.20.2 npm@11.19.1
export PATH="$work/node_modules/.bin:$PATH"
[ "$(node --version) $(npm --version 2>/dev/null)" = 'v20.20.2 11.19.1' ]
latest=$(npm view vitest version 2>/dev/null)

try() { # try FOLDER NAME
  mkdir "$1"
  cd "$1"
  echo '{"private":true}' >package.json
  npm install --no-audit --no-fund "$2" >said 2>&1
  node -p "require('./node_modules/vitest/package.json').version"
  cd ..
}
outcome() { # outcome FOLDER VERSION
  local which='an older major' warned='no warning'
  [ "${2%%.*}" != "${latest%%.*}" ] || which='the latest'
  ! grep -q EBADENGINE "$1/said" || warned=EBADENGINE
  echo "$which, $warned"
}
plain=$(try plain vitest)
tagged=$(try tagged vitest@latest)
{
  echo "npm install vitest: $(outcome plain "$plain")"
  echo "npm install vitest@latest: $(outcome tagged "$tagged")"
} | tee output
cat >expected <<'TEXT'
npm install vitest: an older major, no warning
npm install vitest@latest: the latest, EBADENGINE
TEXT
diff expected output
