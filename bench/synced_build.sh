#!/usr/bin/env bash
# What "a sync per operation" would be: the last commit once more, beside this build, in which no two operations share a
# sync. The metadata server syncs each change by itself before it answers, and a client sends each close as the request that
# it is. For create_bench.py --against build/synced/build/release/bin.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
other=build/synced

change_line() {  # change_line FILE FROM TO: the source must still have it, or the figure would be of something else
  grep -qF "$2" "$other/$1" || { printf 'synced_build: %s has no "%s" any more\n' "$1" "$2" >&2; exit 1; }
  sed -i "s/$2/$3/" "$other/$1"
}

[ -d "$other" ] && git worktree remove --force "$other"
git worktree prune  # somebody may have removed build/
git worktree add --quiet --detach "$other" HEAD
change_line mds/core/change.cc 'Durability::kApplied' 'Durability::kSynced'
change_line client/core/file_closer.cc 'co_await together_.Call(std::move(items.front()))' '(co_await Send(std::move(items))).front()'
export CCACHE_BASEDIR="$PWD/$other" CCACHE_NOHASHDIR=1
cd "$other"
cmake --preset release >/dev/null
ninja -C build/release bin/nacre bin/nacre-mds bin/nacre-oss bin/create_load
