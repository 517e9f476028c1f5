#!/bin/sh
# The shapes of usage errors, exit codes and help that need no cluster. Usage: usage_test.sh PROGRAM
set -u
nacre=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HOME="$work" XDG_CONFIG_HOME="$work/config" XDG_RUNTIME_DIR="$work"
unset NACRE_CONFIG
failures=0

# expect EXIT_CODE TEXT_ON_STDERR words...
expect() {
  code=$1 text=$2
  shift 2
  "$nacre" "$@" >"$work/out" 2>"$work/err" </dev/null
  got=$?
  if [ "$got" -ne "$code" ] || { [ -n "$text" ] && ! grep -qF -- "$text" "$work/err"; }; then
    echo "FAILED: nacre $* : exit $got (want $code), stderr (want '$text'):"
    cat "$work/err"
    failures=$((failures + 1))
  fi
  if [ "$code" -ne 0 ] && [ -s "$work/out" ]; then
    echo "FAILED: nacre $* : an error wrote to stdout"
    failures=$((failures + 1))
  fi
}

expect 2 "a command is missing"
expect 2 "unknown command 'frobnicate'" frobnicate
expect 2 "did you mean 'truncate'" trunkate /a
expect 2 "unknown option --lnog" ls --lnog /
expect 2 "begin with '/'" cat relative
expect 2 "--key-file" encrypt /vault
expect 2 "unknown option -i" mkdir -i 1 /a
expect 2 "not built yet" setstripe -L mdt -E 1M /a
expect 2 "does not work yet" dev up "$work/cluster" --mdts 2
expect 2 "no duration" ls / --wait-timeout forever
expect 1 "no cluster is configured" ls /
printf 'mdss = "127.0.0.1:1"\n' >"$work/bad.toml"
expect 1 "unknown key 'mdss'; did you mean 'mds'?" --config "$work/bad.toml" ls /
expect 4 "holds no cluster" dev status "$work/nowhere"
expect 0 "" --version
expect 0 "" help dev up
expect 0 "" completion zsh
expect 2 "a quote that does not end" shell -c "ls 'x"

exit "$failures"
