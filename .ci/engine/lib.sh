# Sourced by start, stop and images.
# shellcheck shell=bash

# Where the engine that `start` started leaves its pid and its log.
# shellcheck disable=SC2034
state="${MAILSTORM_ENGINE_STATE:-${TMPDIR:-/tmp}/mailstorm-engine}"

say() { echo "engine: $*" >&2; }

# The one line a person needs to know why there are no container checks; exit code 3 means "cannot work here".
give_up() {
  echo "engine: cannot run here: $*" >&2
  exit 3
}

engine_answers() { timeout 10 docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }

# A pid alone can be reused after a reboot; with the start time (field 22 of /proc/PID/stat) it cannot.
identity_of() {
  local stat
  stat="$(cat "/proc/$1/stat" 2>/dev/null)" || return 1
  # Cut after the command name, which may hold blanks and brackets.
  # shellcheck disable=SC2086 # to be split
  set -- "$1" ${stat##*) }
  echo "$1 ${21}"
}

# A zombie that nobody has reaped yet answers `kill -0`, but it is over.
is_alive() {
  local stat
  stat="$(cat "/proc/$1/stat" 2>/dev/null)" || return 1
  case "${stat##*) }" in Z* | X*) return 1 ;; esac
}
