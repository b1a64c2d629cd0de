#!/usr/bin/env bash
# Makes the Python environment of test/e2e/runpod-worker.test.ts and prints its interpreter's path.
# BULKWAY_PYTHON=$(test/python/setup.sh) is what the test wants.
set -euo pipefail

here=$(cd -- "$(dirname -- "$0")" && pwd -P)
venv=${BULKWAY_VENV:-$here/../../.bulkway/venv}
mkdir -p -- "$(dirname -- "$venv")"
venv=$(cd -- "$(dirname -- "$venv")" && pwd -P)/$(basename -- "$venv")
stamp=$venv/requirements.txt

if ! cmp -s -- "$here/requirements.txt" "$stamp"; then
  rm -rf -- "$venv"
  python3 -m venv "$venv" >&2
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    --requirement "$here/requirements.txt" >&2
  cp -- "$here/requirements.txt" "$stamp"
fi
echo "$venv/bin/python"
