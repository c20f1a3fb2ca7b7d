# shellcheck shell=bash
# Sourced by the programs of this folder. TRY_HOME: where programs, images, volumes and logs are kept.
# shellcheck disable=SC2034 # used by those
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../../.." && pwd)"
home="${TRY_HOME:-/tmp/mailstorm-try}"
run="$home/run"
kubernetes_version=v1.34.3

# No pod, and nothing that leads to one, may have an address that exists outside of these namespaces' own network.
control_namespace=mailstorm-control
control_address=192.168.250.1
node_namespace() { echo "mailstorm-$1"; } # node_namespace node-1
node_address() { echo "192.168.250.$((10 + ${1#node-}))"; }
pod_range() { echo "10.250.${1#node-}.0/24"; }
all_pods=10.250.0.0/16
all_services=10.251.0.0/16
api_service=10.251.0.1
names_service=10.251.0.10
api="https://$control_address:6443"

say() { echo "try: $*" >&2; }
fail() { say "$*"; exit 1; }

# A pid alone can be another's after a while; with its start time (field 22 of /proc/PID/stat) it cannot.
identity_of() {
  local stat
  stat="$(cat "/proc/$1/stat" 2>/dev/null)" || return 1
  # Cut after the command name, which may hold blanks and brackets.
  # shellcheck disable=SC2086 # to be split
  set -- "$1" ${stat##*) }
  [ "$2" != Z ] || return 1
  echo "$1 ${21}"
}

# alive NAME: whether what `start NAME` started still runs.
alive() {
  local pid
  read -r pid _ 2>/dev/null <"$run/pids/$1" || return 1
  [ "$(identity_of "$pid" || true)" = "$(cat "$run/pids/$1")" ]
}

# start NAME COMMAND…: in the background, its output in the logs, its pid where `end` finds it. It outlives this shell.
start() {
  local name=$1 pid
  shift
  mkdir -p "$run/pids" "$run/logs"
  setsid nice -n "${TRY_NICE:-0}" "$@" >"$run/logs/$name.log" 2>&1 </dev/null &
  pid=$!
  identity_of "$pid" >"$run/pids/$name" || fail "$name ended at once: $(last_words "$name")"
}

last_words() { tail -n 5 "$run/logs/$1.log" | cut -c 1-300; }

# end NAME [SIGNAL]: TERM if none is given, and after 10 s KILL.
end() {
  local pid
  if alive "$1"; then
    read -r pid _ <"$run/pids/$1"
    kill "-${2:-TERM}" "$pid" 2>/dev/null || true
    for _ in $(seq 100); do alive "$1" || break; sleep 0.1; done
    ! alive "$1" || kill -KILL "$pid" 2>/dev/null || true
  fi
  rm -f "$run/pids/$1"
}

# await SECONDS WHAT COMMAND…: until the command succeeds.
await() {
  local seconds=$1 what=$2 began=$SECONDS
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ $((SECONDS - began)) -lt "$seconds" ] || fail "waited $seconds s for $what"
    sleep 0.5
  done
  say "$what ($((SECONDS - began)) s)"
}

kubectl() { nsenter --net="/run/netns/$control_namespace" "$home/bin/kubectl" --kubeconfig "$run/admin.kubeconfig" "$@"; }

# in_node NODE COMMAND…: among the processes, mounts and addresses of a node.
in_node() {
  local pid child
  read -r pid _ <"$run/pids/$1"
  child="$(cat "/proc/$pid/task/$pid/children")"
  shift
  nsenter --target "${child%% *}" --net --mount --pid --uts -- "$@"
}
