#!/usr/bin/env bash
# demo.sh BIN_DIR: five minutes with Nacre. A small cluster of real processes on this machine, the tour, what the servers
# hold, a restart of every server, the tour's second half. Exit 0 only if all it says held.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bin=$(cd "${1:?usage: demo.sh BIN_DIR}" && pwd)
work=$(mktemp -d /tmp/nacre-demo.XXXXXX)
cluster=$work/cluster
canary=NACRE-DEMO-CANARY

export PATH=$bin:$PATH NACRE_CONFIG=$cluster/client.toml
# An agent of its own: keys of the user's other clusters stay out of it.
export XDG_RUNTIME_DIR=$work/run

say() { printf '\n== %s\n' "$*"; }
fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}

finish() {
  local code=$?
  trap - EXIT
  nacre dev down "$cluster" --wipe >"$work/down.log" 2>&1 || cat "$work/down.log"
  if [ "$code" = 0 ]; then
    rm -rf "$work"
    say 'All of it held.'
  else
    say "It failed; what is left is in $work"
  fi
  exit "$code"
}

# A tree with a known text in a name, in contents and in a symlink's target.
plant() {
  mkdir -p "$1"
  for name in one two three; do
    printf "$canary-contents-$name\n%.0s" {1..7000} >"$1/$canary-name-$name"
  done
  ln -s "/$canary-target" "$1/link"
}

scan() {
  local pids=() pid
  for pid in $(nacre dev status "$cluster" --json | grep -o '"pid": *[0-9]*' | grep -o '[0-9]*$'); do
    pids+=(--pid "$pid")
  done
  python3 "$root/tests/tools/canary_scan.py" --canary "$canary-name" --canary "$canary-contents" --canary "$canary-target" \
    --dir "$cluster" "${pids[@]}" "$@"
}

show_what_servers_hold() {
  plant "$work/planted"
  say 'What do the servers hold? A known text goes into the encrypted directory: name, contents, symlink'
  nacre put -r "$work/planted" /vault/planted
  scan || fail 'a server holds clear text of an encrypted directory'
  say 'The first bytes of a page, as the servers have it'
  nacre debug raw "/vault/planted/$canary-name-one" --page 0 | head -c 64 | od -A d -t x1z
  say 'The same tree in a plain directory: the scan finds all of it'
  nacre put -r "$work/planted" /plain
  scan --expect-all || fail 'the scan does not see what is there'
}

restart_servers() {
  local target
  say 'Restarting every server'
  for target in mdt0 ost0 ost1 ost2; do
    nacre dev stop "$cluster" "$target"
    nacre dev start "$cluster" "$target"
  done
}

main() {
  trap finish EXIT
  trap 'exit 1' INT TERM
  mkdir -m 700 "$XDG_RUNTIME_DIR"
  say 'A cluster of real processes: 1 MDT, 3 OSTs'
  nacre dev up "$cluster" --osts 3
  bash "$root/deploy/tour.sh" first "$work"
  show_what_servers_hold
  restart_servers
  bash "$root/deploy/tour.sh" second "$work"
}

main
