#!/usr/bin/env bash
# Prepares .venv from the locks; does nothing when nothing changed since the last time.
set -euo pipefail
cd "$(dirname "$0")/.."

stamp=.venv/.crossdock-stamp
wanted=$(cat pyproject.toml requirements/*.txt tools/setup.sh | cksum)
is_ready() { [ -x .venv/bin/crossdock ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; }
is_ready && exit 0

# Two terminals may start at once: the second waits, then finds the work done.
if command -v flock >/dev/null; then
  exec 9>"${TMPDIR:-/tmp}/crossdock-setup-$(pwd | cksum | cut -d' ' -f1).lock"
  flock 9
  is_ready && exit 0
fi

find_python() {
  local candidate
  for candidate in ${PYTHON:-} python3 python3.11 python3.12 python3.13 python3.14; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
  cat >&2 <<'MISSING'
crossdock needs Python 3.11 or newer and found none.
  Debian, Ubuntu   apt install python3 python3-venv
  Fedora           dnf install python3
  macOS            brew install python
Or name one yourself:  make setup PYTHON=/path/to/python3
MISSING
  return 1
}

if [ ! -x .venv/bin/pip ]; then
  python=$(find_python)
  if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    echo "$python cannot make virtual environments: install its venv package (Debian: python3-venv)." >&2
    exit 1
  fi
  echo "setup  a fresh .venv with $("$python" --version)"
  "$python" -m venv --clear .venv
fi

# uv installs the lock in seconds where pip takes half a minute (docs/why/0009).
export PIP_DISABLE_PIP_VERSION_CHECK=1
index=${UV_DEFAULT_INDEX:-${PIP_INDEX_URL:-$(.venv/bin/pip config get global.index-url 2>/dev/null || true)}}
[ -z "$index" ] || export UV_DEFAULT_INDEX="$index"
export UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-true} # a company's own authority is known to the system
.venv/bin/pip install --quiet --no-deps --require-hashes -r requirements/uv.txt || true

echo "setup  the versions named in requirements/dev.txt"
with_uv() { [ -x .venv/bin/uv ] && .venv/bin/uv pip install --quiet --python .venv/bin/python --no-deps "$@"; }
with_pip() { .venv/bin/pip install --quiet --no-deps "$@"; }
with_uv --require-hashes -r requirements/dev.txt || with_pip --require-hashes -r requirements/dev.txt
with_uv --no-build-isolation -e . || with_pip --no-build-isolation -e .

echo "$wanted" >"$stamp"
