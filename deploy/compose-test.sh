#!/usr/bin/env bash
# compose-test.sh BIN_DIR: the cluster of docker-compose.yml, made from the programs in BIN_DIR, takes the tour; the
# servers are restarted half-way. Everything it starts it ends, an engine too if none ran. Needs root.
#
# Exit 0: passed, or "SKIPPED: why" where no engine can run. No registry is asked: mmdebstrap makes the base image.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bin=$(cd "${1:?usage: compose-test.sh BIN_DIR}" && pwd)
base_image=debian:bookworm-slim
keep=$root/build/compose           # the engine's images stay here for the next run
scratch=$(mktemp -d /tmp/nacre-compose.XXXXXX)
project=nacretest$$
engine_pid=
cluster_up=

say() { printf -- '-- %3ds %s\n' "$SECONDS" "$*"; }
skip() {
  echo "SKIPPED: $*"
  exit 0
}
compose() { timeout 150 docker-compose -f "$root/docker-compose.yml" -p "$project" "$@" </dev/null; }
in_client() { timeout 300 docker exec "$(compose ps -q client)" "$@" </dev/null; }

finish() {
  local code=$?
  trap - EXIT
  if [ "$code" != 0 ] && [ -n "$cluster_up" ]; then
    compose ps || true
    compose logs --no-color --tail=40 || true
  fi
  [ -z "$cluster_up" ] || compose down --volumes --timeout 10 >"$scratch/down.log" 2>&1 || cat "$scratch/down.log"
  stop_engine
  rm -rf "$scratch"
  exit "$code"
}

# --- engine ---------------------------------------------------------------------------------------------------------

engine_answers() { timeout 10 docker info >/dev/null 2>&1; }

start_engine() {
  local tool
  for tool in docker docker-compose; do
    command -v "$tool" >/dev/null || skip "$tool is not installed (./dev setup compose)"
  done
  if engine_answers; then
    say 'an engine runs already'
    return
  fi
  command -v dockerd >/dev/null || skip 'no engine runs, and dockerd is not installed (./dev setup compose)'
  [ "$(id -u)" = 0 ] || skip 'no engine runs, and only root can start one'
  export DOCKER_HOST=unix://$scratch/docker.sock
  mkdir -p "$keep/engine"
  # No docker0: the cluster has its own network, and building uses the host's.
  dockerd --data-root "$keep/engine" --exec-root "$scratch/exec" --pidfile "$scratch/docker.pid" --host "$DOCKER_HOST" \
    --bridge=none >"$scratch/dockerd.log" 2>&1 </dev/null &
  engine_pid=$!
  local waited
  for ((waited = 0; waited < 60; waited++)); do
    if engine_answers; then
      say 'engine started'
      return
    fi
    kill -0 "$engine_pid" 2>/dev/null || break
    sleep 1
  done
  skip "no container engine can run here: $(grep -E 'level=(error|fatal)|failed' "$scratch/dockerd.log" | tail -n 1)"
}

stop_engine() {
  [ -n "$engine_pid" ] || return 0
  kill "$engine_pid" 2>/dev/null || true
  local waited
  for ((waited = 0; waited < 30; waited++)); do
    kill -0 "$engine_pid" 2>/dev/null || break
    sleep 1
  done
  kill -KILL "$engine_pid" 2>/dev/null || true
  wait "$engine_pid" 2>/dev/null || true
  # The engine leaves its network namespace mounted.
  umount "$scratch"/exec/netns/* 2>/dev/null || true
}

# --- images ---------------------------------------------------------------------------------------------------------

make_base_image() {
  if docker image inspect "$base_image" >/dev/null 2>&1; then return; fi
  command -v mmdebstrap >/dev/null || skip "no image $base_image, and mmdebstrap is not installed (./dev setup compose)"
  timeout 300 mmdebstrap --quiet --variant=minbase bookworm "$scratch/base.tar" </dev/null
  docker import "$scratch/base.tar" "$base_image" >/dev/null
  rm "$scratch/base.tar"
  say "base image $base_image made"
}

make_image() {
  local program
  mkdir -p "$scratch/context/bin"
  cp -r "$root/deploy" "$scratch/context/deploy"
  for program in nacre nacre-mds nacre-oss; do
    strip -o "$scratch/context/bin/$program" "$bin/$program"
  done
  if ! DOCKER_BUILDKIT=0 timeout 300 docker build --network=host --target prebuilt -t nacre \
    -f "$scratch/context/deploy/Dockerfile" "$scratch/context" >"$scratch/build.log" 2>&1 </dev/null; then
    tail -n 30 "$scratch/build.log"
    return 1
  fi
  say 'image nacre made'
}

# --- the test -------------------------------------------------------------------------------------------------------

wait_until_healthy() {
  local waited id states
  for ((waited = 0; waited < 90; waited++)); do
    states=
    for id in $(compose ps -q); do
      states+=" $(docker inspect -f '{{.State.Health.Status}}' "$id")"
    done
    case "$states" in
      *unhealthy*) break ;;
      *starting*) sleep 1 ;;
      *) return 0 ;;
    esac
  done
  echo "not healthy:$states" >&2
  return 1
}

tour() {
  in_client env NACRE_TOUR_TREE=/etc bash /tmp/tour.sh "$1" /tmp/tour
}

main() {
  trap finish EXIT
  trap 'exit 1' INT TERM
  start_engine
  make_base_image
  make_image
  cluster_up=yes
  compose up -d --no-build >"$scratch/up.log" 2>&1 || { cat "$scratch/up.log"; return 1; }
  wait_until_healthy
  say 'cluster is up and healthy'
  docker cp "$root/deploy/tour.sh" "$(compose ps -q client):/tmp/tour.sh"
  tour first
  say 'restarting every server'
  compose restart --timeout 20 mds0 oss0 oss1 oss2 >"$scratch/restart.log" 2>&1 || { cat "$scratch/restart.log"; return 1; }
  wait_until_healthy
  say 'healthy again'
  tour second
  say 'PASSED'
}

main
