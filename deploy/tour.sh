#!/usr/bin/env bash
# tour.sh first|second WORK_DIR: what Nacre does, shown and checked by its own commands. Between the two halves somebody
# restarts the servers. `nacre` is in PATH and finds its cluster by NACRE_CONFIG; NACRE_TOUR_TREE is the tree to copy in.
# Used by deploy/demo.sh and, inside the client's container, by deploy/compose-test.sh.
set -euo pipefail

half=${1:?usage: tour.sh first|second WORK_DIR}
work=${2:?usage: tour.sh first|second WORK_DIR}
tree=${NACRE_TOUR_TREE:-/usr/include/c++}

say() { printf '\n== %s\n' "$*"; }
# The command line goes where the narration goes, not into a file that the command's result is caught in.
exec 3>&1
run() {
  local begin=$SECONDS
  printf '$ %s\n' "${*//$work/WORK}" >&3
  "$@"
  [ $((SECONDS - begin)) -lt 2 ] || printf '  (%d s)\n' $((SECONDS - begin)) >&3
}
fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}

# expect CODE COMMAND...: the command must end with that exit code.
expect() {
  local wanted=$1 code=0
  shift
  printf '$ %s\n' "${*//$work/WORK}"
  "$@" </dev/null || code=$?
  [ "$code" = "$wanted" ] || fail "exit code $code, not $wanted: $*"
  [ "$wanted" = 0 ] || printf '  (exit code %s, as it must be)\n' "$code"
}

# Everything that a copy must keep, a line per entry. Times of directories and symlinks are kept as well.
facts() { (cd "$1" && find . -printf '%P|%y|%m|%s|%T@|%l\n' | sed 's/|d|\([0-7]*\)|[0-9]*|/|d|\1||/' | LC_ALL=C sort); }

same_tree() {
  run diff -r --no-dereference "$1" "$2" || fail "contents differ: $1 $2"
  diff <(facts "$1") <(facts "$2") || fail "modes, times or links differ: $1 $2"
  echo '  identical: contents, modes, times, symlinks'
}

count() { find "$1" | wc -l; }

encrypt_and_copy() {
  mkdir -p "$work"
  (umask 077 && head -c 64 /dev/urandom >"$work/key" && head -c 64 /dev/urandom >"$work/other-key")
  head -c 20000000 /dev/urandom >"$work/big"
  say 'An encrypted directory; the key stays on this side'
  run nacre encrypt /vault --key-file "$work/key"
  say "A real tree goes in: $tree, $(count "$tree") entries, and a file striped over all OSTs"
  run nacre put -r "$tree" /vault/tree
  run nacre mkdir /vault/striped
  run nacre setstripe -c 3 -S 1M /vault/striped
  run nacre put "$work/big" /vault/striped/big
  run nacre getstripe /vault/striped/big
  run nacre ls -l /vault
}

read_back() {
  say 'It comes back the same'
  rm -rf "$work/back" "$work/big.back"
  run nacre get -r /vault/tree "$work/back"
  same_tree "$tree" "$work/back"
  run nacre get /vault/striped/big "$work/big.back"
  run cmp "$work/big" "$work/big.back" || fail 'the striped file differs'
}

lock_and_look() {
  say 'Locked: names without the key, nothing can be opened or made'
  run nacre lock /vault
  run nacre ls /vault >"$work/locked"
  cat "$work/locked"
  ! grep -qE '^(tree|striped)$' "$work/locked" || fail 'a clear name shows in a locked directory'
  [ "$(grep -c . "$work/locked")" = 2 ] || fail 'a locked directory must show its two entries'
  expect 4 nacre stat /vault/tree
  expect 13 nacre mkdir /vault/new
  expect 13 nacre mv "/vault/$(head -n 1 "$work/locked")" /elsewhere
  say 'The wrong key is refused before it is used'
  expect 12 nacre unlock /vault --key-file "$work/other-key"
  run nacre unlock /vault --key-file "$work/key"
  expect 0 nacre stat /vault/tree
}

first() {
  say 'The cluster'
  run nacre status
  encrypt_and_copy
  read_back
  lock_and_look
}

second() {
  say 'Every server was restarted'
  run nacre status
  read_back
  say 'Removed again'
  run nacre rm -r /vault/tree
  expect 4 nacre stat /vault/tree
  run nacre ls /vault
}

case "$half" in
  first) first ;;
  second) second ;;
  *) fail "tour.sh first|second, not '$half'" ;;
esac
