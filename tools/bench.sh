#!/usr/bin/env bash
# Lays out what `make bench` measures, each from its lock: .venv-bench with crossdock alone, and
# .venv-peers with the systems beside it, both on the same Python. What cannot be installed is said
# here and again by the benchmark, which goes on without it.
set -euo pipefail
cd "$(dirname "$0")/.."

restate=1.7.12
stamp=.venv-peers/.crossdock-stamp
wanted=$(cat requirements/peers.txt requirements/run.txt tools/bench.sh | cksum)
[ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && exit 0

# The system's own Python is optimised more often than one built by hand.
python=python3
for candidate in /usr/bin/python3 "$python"; do
  if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=$candidate
    break
  fi
done

index=${UV_DEFAULT_INDEX:-${PIP_INDEX_URL:-$(.venv/bin/pip config get global.index-url 2>/dev/null || true)}}
[ -z "$index" ] || export UV_DEFAULT_INDEX="$index"
export UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-true}
lay_out() {
  echo "bench  $1: the versions named in requirements/$2.txt, on $("$python" --version)"
  .venv/bin/uv venv --quiet --clear --python "$python" "$1"
  .venv/bin/uv pip install --quiet --python "$1/bin/python" --no-deps --require-hashes \
    -r "requirements/$2.txt"
}
lay_out .venv-bench run
lay_out .venv-peers peers

if command -v npm >/dev/null; then
  echo "bench  restate-server $restate from npm"
  mkdir -p .venv-peers/node
  npm install --silent --no-save --no-package-lock --no-audit --no-fund \
    --prefix .venv-peers/node "@restatedev/restate-server@$restate" ||
    echo "bench  npm could not install it: Restate will be left out"
else
  echo "bench  npm is missing: Restate will be left out"
fi
if ! command -v redis-server >/dev/null; then
  if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    echo "bench  redis-server from the system's packages"
    { apt-get update -qq && apt-get install -qq -y --no-install-recommends redis-server; } \
      >/dev/null 2>&1 || echo "bench  apt could not install it: Celery will be left out"
  else
    echo "bench  redis-server is missing: Celery will be left out"
  fi
fi
echo "$wanted" >"$stamp"
