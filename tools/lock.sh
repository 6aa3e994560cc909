#!/usr/bin/env bash
# Writes the locks anew: every version with its hashes, and no address of any index.
set -euo pipefail
cd "$(dirname "$0")/.."

compile() {
  local target=$1
  shift
  .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --upgrade \
    --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate \
    --output-file "requirements/$target.txt" "$@"
  echo "lock   requirements/$target.txt: $(grep -c '==' "requirements/$target.txt") packages"
}

compile run pyproject.toml --all-extras
compile dev pyproject.toml --all-extras --group dev
compile peers --group peers
echo "uv" | compile uv -
