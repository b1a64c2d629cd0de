#!/usr/bin/env bash
# Installs the S3 clients of test/conformance/clients under .bulkway, on Debian 12 and without
# touching the system, and prints the variables that the tests want, as lines for a shell:
#
#   clients=$(test/conformance/clients/install.sh) && eval "$clients"
#
# Fails if any of them cannot be had.
set -euo pipefail

here=$(cd -- "$(dirname -- "$0")" && pwd -P)
root=$(cd -- "$here/../../.." && pwd -P)
packages=$root/.bulkway/clients
toolchain=1.26.8 # of Go, where the machine has none or an older one

say() { printf 'clients: %s\n' "$*" >&2; }

# --- Debian's packages ----------------------------------------------------------------------------

# Those of $2 and all that they need and the system lacks.
download_into() {
  local names
  # shellcheck disable=SC2086
  names=$(LC_ALL=C apt-get install -s --no-install-recommends $2 |
    awk '$1 == "Inst" { print $2 }') || return 1
  # shellcheck disable=SC2086
  names=$(printf '%s\n' $names $2 | sort -u)
  # shellcheck disable=SC2086
  (cd -- "$1" && apt-get download -q -o APT::Sandbox::User=root $names >&2)
}

# Unpacks packages once into a folder of their own and prints it.
unpack_once() {
  local name=$1 wanted=$2 target=$packages/$1 deb
  if [[ ! -d $target ]]; then
    say "downloading Debian's $wanted"
    rm -rf -- "$packages/$name.debs" "$target.part"
    mkdir -- "$packages/$name.debs"
    if ! download_into "$packages/$name.debs" "$wanted"; then
      say 'the package lists are out of date: apt-get update'
      apt-get update -q >&2
      download_into "$packages/$name.debs" "$wanted"
    fi
    for deb in "$packages/$name.debs"/*.deb; do dpkg -x "$deb" "$target.part"; done
    rm -rf -- "$packages/$name.debs"
    # As installing does: without it every start of a Python program compiles it.
    [[ ! -d $target.part/usr/lib/python3 ]] ||
      /usr/bin/python3 -m compileall -q "$target.part/usr/lib/python3" >&2 || true
    mv -- "$target.part" "$target"
  fi
  echo "$target"
}

# --- Go -------------------------------------------------------------------------------------------

is_new_enough() {
  local have
  have=$("$1" env GOVERSION 2>/dev/null) || return 1
  [[ $(printf '%s\n' "$toolchain" "${have#go}" | sort -V | head -n 1) == "$toolchain" ]]
}

# The machine's Go, or the toolchain as a module, which Debian's older Go can download.
find_go() {
  local old folder
  if is_new_enough go; then
    command -v go
    return
  fi
  old=$(unpack_once golang 'golang-1.19-go golang-1.19-src')
  # Debian keeps the sources apart; absolute links would lead out of the folder.
  rm -rf -- "$old/usr/lib/go-1.19/src" "$old/usr/lib/go-1.19/test"
  ln -sfn ../../share/go-1.19/src "$old/usr/lib/go-1.19/src"
  folder=$(cd -- "$packages" && GOROOT=$old/usr/lib/go-1.19 GOFLAGS=-mod=mod \
    "$old/usr/lib/go-1.19/bin/go" mod download -json \
    "golang.org/toolchain@v0.0.1-go$toolchain.linux-amd64" |
    sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
  [[ -d $folder ]] || return 1
  # Modules are kept without their permission to run.
  chmod -R u+x -- "$folder/bin" "$folder/pkg/tool"
  echo "$folder/bin/go"
}

build() {
  (cd -- "$here/go/$1" && CGO_ENABLED=0 GOTOOLCHAIN=local GOFLAGS=-buildvcs=false \
    "$go" build -trimpath -o "$packages/$2" "$3" >&2)
}

# --- all ------------------------------------------------------------------------------------------

mkdir -p -- "$packages"
exec 9>"$packages/lock"
flock -w 900 9 || { say "another run holds $packages/lock"; exit 1; }

worker=$("$root/test/python/setup.sh")
boto3_1_35=$("$root/test/python/setup.sh" boto3-1.35)
openai=$("$root/test/python/setup.sh" openai)
commands=$(dirname -- "$("$root/test/python/setup.sh" commands)")

# The command runs with Debian's own Python, for which its compiled parts are built.
aws=$(unpack_once awscli awscli)
cat >"$packages/aws-v2" <<SCRIPT
#!/bin/sh
PYTHONPATH='$aws/usr/lib/python3/dist-packages' exec /usr/bin/python3 '$aws/usr/bin/aws' "\$@"
SCRIPT
chmod +x -- "$packages/aws-v2"
"$packages/aws-v2" --version >&2

rclone=$(unpack_once rclone-debian rclone)/usr/bin/rclone
"$rclone" version >/dev/null

go=$(find_go)
build rclone rclone .
build sdks minio-client ./minio
build sdks aws-client ./aws

cat <<VARIABLES
export BULKWAY_PYTHON='$worker'
export BULKWAY_PYTHON_BOTO3_1_35='$boto3_1_35'
export BULKWAY_PYTHON_OPENAI='$openai'
export BULKWAY_AWS='$commands/aws'
export BULKWAY_AWS_V2='$packages/aws-v2'
export BULKWAY_S3CMD='$commands/s3cmd'
export BULKWAY_RCLONE='$packages/rclone'
export BULKWAY_RCLONE_1_60='$rclone'
export BULKWAY_MINIO_GO='$packages/minio-client'
export BULKWAY_AWS_SDK_GO='$packages/aws-client'
VARIABLES
