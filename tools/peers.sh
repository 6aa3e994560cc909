#!/usr/bin/env bash
# Lays out .venv-peers: the systems that `make bench` measures beside crossdock, from their lock.
# What cannot be installed is said here and again by the benchmark, which goes on without it.
set -euo pipefail
cd "$(dirname "$0")/.."

restate=1.7.12
stamp=.venv-peers/.crossdock-stamp
wanted=$(cat requirements/peers.txt tools/peers.sh | cksum)
[ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && exit 0

# The system's own Python is built with optimisation more often than one built by hand.
python=python3
[ ! -x /usr/bin/python3 ] || /usr/bin/python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' && python=/usr/bin/python3

echo "peers  the versions named in requirements/peers.txt"
.venv/bin/uv venv --quiet --clear --python "$python" .venv-peers
index=${UV_DEFAULT_INDEX:-${PIP_INDEX_URL:-$(.venv/bin/pip config get global.index-url 2>/dev/null || true)}}
[ -z "$index" ] || export UV_DEFAULT_INDEX="$index"
export UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-true}
.venv/bin/uv pip install --quiet --python .venv-peers/bin/python --no-deps --require-hashes \
  -r requirements/peers.txt

if command -v npm >/dev/null; then
  echo "peers  restate-server $restate from npm"
  mkdir -p .venv-peers/node
  npm install --silent --no-save --no-package-lock --no-audit --no-fund \
    --prefix .venv-peers/node "@restatedev/restate-server@$restate" || echo "peers  npm could not install it"
else
  echo "peers  npm is missing: Restate will be left out"
fi
if ! command -v redis-server >/dev/null; then
  if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    echo "peers  redis-server from the system's packages"
    { apt-get update -qq && apt-get install -qq -y --no-install-recommends redis-server; } >/dev/null 2>&1 ||
      echo "peers  apt could not install it"
  else
    echo "peers  redis-server is missing: Celery will be left out"
  fi
fi
echo "$wanted" >"$stamp"
