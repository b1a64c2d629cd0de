#!/usr/bin/env bash
# Makes a Python environment of the tests and prints its interpreter's path.
#
#   test/python/setup.sh          what requirements.txt lists: BULKWAY_PYTHON, a worker image's packages
#   test/python/setup.sh NAME     what requirements-NAME.txt lists
#
# An environment is made again when its list changes. BULKWAY_VENV says where; NAME is added to it.
set -euo pipefail

here=$(cd -- "$(dirname -- "$0")" && pwd -P)
suffix=${1:+-$1}
requirements=$here/requirements$suffix.txt
venv=${BULKWAY_VENV:-$here/../../.bulkway/venv}$suffix
mkdir -p -- "$(dirname -- "$venv")"
venv=$(cd -- "$(dirname -- "$venv")" && pwd -P)/$(basename -- "$venv")
stamp=$venv/requirements.txt

if ! cmp -s -- "$requirements" "$stamp"; then
  rm -rf -- "$venv"
  python3 -m venv "$venv" >&2
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    --requirement "$requirements" >&2
  cp -- "$requirements" "$stamp"
fi
echo "$venv/bin/python"
