#!/usr/bin/env bash
# Makes the Python environment that the examples' workers run in here, as their images have it, and
# prints its interpreter's path. It is made again when a list of packages changes. What the
# interpreter in BULKWAY_PYTHON has already (test/python/setup.sh) is not installed again.
set -euo pipefail

here=$(cd -- "$(dirname -- "$0")" && pwd -P)
venv=${BULKWAY_EXAMPLES_VENV:-$here/../.bulkway/venv-examples}
mkdir -p -- "$venv"
venv=$(cd -- "$venv" && pwd -P)
wanted=$(cat -- "$here"/*/worker/requirements.txt | sort -u)

exec 9>"$venv.lock"
flock 9
if [[ ! -f $venv/wanted.txt || $(<"$venv/wanted.txt") != "$wanted" ]]; then
  echo 'Installing what the workers need …' >&2
  rm -rf -- "$venv"
  python3 -m venv "$venv" >&2
  if [[ -n ${BULKWAY_PYTHON:-} ]]; then
    packages='import site; print(site.getsitepackages()[0])'
    "$BULKWAY_PYTHON" -c "$packages" >"$("$venv/bin/python" -c "$packages")/base.pth"
  fi
  printf '%s\n' "$wanted" >"$venv/list.txt"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    --requirement "$venv/list.txt" >&2
  mv -- "$venv/list.txt" "$venv/wanted.txt"
fi
echo "$venv/bin/python"
