#!/usr/bin/env bash
# Ceph RGW 16 on loopback for the end-to-end tests, on Debian 12, without installing anything.
#
#   dev/rgw.sh start DIR PORT   starts an empty server, prints how to reach it as one line of JSON
#   dev/rgw.sh provider DIR ISSUER CLIENT-ID THUMBPRINT
#                               trusts an OpenID Connect issuer (http://127.0.0.1:PORT will do), prints
#                               that line again with webIdentityRoleArn; call it again to replace it
#   dev/rgw.sh stop DIR         ends it and removes its data
#
# The packages (61 MB) are downloaded once and unpacked under .bulkway/rgw (or BULKWAY_RGW_PACKAGES).
# A monitor, one OSD in memory and the gateway take some 15 s to start and 150 MB. Each DIR is a
# server of its own, so several can run at once, each on a PORT of its own.
#
# Known differences from S3: a trailing checksum is refused (400), If-Match wants an ETag without
# quotes, the answer to CompleteMultipartUpload has an empty ETag, path style only.
#
# Known differences from STS: a session may assume every role that trusts its user, with no policy,
# unless the role's trust policy asks for sts:authentication false, as the one here does. A policy over
# 2,048 characters may end the gateway. "+" in a form is no space. A session is refused UploadPartCopy,
# and DeleteObjects when it has a policy, whatever that allows. Of an issuer's keys only the first
# counts, by its x5c alone, and the thumbprint is not compared.
set -euo pipefail

# shellcheck source=dev/daemon.sh
source "$(dirname -- "$0")/daemon.sh"

verb=${1:-}
case $verb/$# in
start/3 | provider/5 | stop/2) ;;
*) fail 'usage: rgw.sh start DIR PORT | provider DIR ISSUER CLIENT-ID THUMBPRINT | stop DIR' ;;
esac
packages=${BULKWAY_RGW_PACKAGES:-$(cd -- "$(dirname -- "$0")/.." && pwd -P)/.bulkway/rgw}
root=$packages/root
bucket=bulkway-test
role=bulkway-job
web_role=bulkway-web-identity
permissions='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*"],"Resource":["arn:aws:s3:::'$bucket'","arn:aws:s3:::'$bucket'/*"]}]}'
python=/usr/bin/python3 # Ceph's bindings are built for Debian's, which need not be the one on PATH
[[ -x $python ]] || python=$root/usr/bin/python3

# --- packages -------------------------------------------------------------------------------------

download_into() {
  local names
  names=$(LC_ALL=C apt-get install -s --no-install-recommends radosgw ceph-mon ceph-osd |
    awk '$1 == "Inst" { print $2 }') || return 1
  # shellcheck disable=SC2086
  (cd -- "$1" && apt-get download -q -o APT::Sandbox::User=root $names >&2)
}

unpack() {
  local deb
  [[ ! -d $root ]] || return 0
  say "downloading Ceph's packages into $packages"
  rm -rf -- "$packages/debs" "$root.part"
  mkdir -- "$packages/debs"
  if ! download_into "$packages/debs"; then
    say 'the package lists are out of date: apt-get update'
    apt-get update -q >&2
    download_into "$packages/debs" || fail 'the packages could not be downloaded'
  fi
  for deb in "$packages"/debs/*.deb; do dpkg -x "$deb" "$root.part"; done
  rm -rf -- "$packages/debs"
  mv -- "$root.part" "$root"
}

# --- the server -----------------------------------------------------------------------------------

# In the background, so that a signal to this script is not held up by the command.
ceph_run() {
  timeout -k 5 "$((deadline > SECONDS ? deadline - SECONDS : 1))" "${within[@]}" "$@" </dev/null &
  wait $!
}

launch_ceph() { launch "$1" "${within[@]}" "${@:2}" -c "$state/ceph.conf" -f; }

# The monitor (127.0.0.2) and the OSD (127.0.0.3) have addresses of their own: the monitor takes the
# gateway's port number there, the OSD any free one, so servers on different ports never clash.
write_conf() {
  local lib=$1 port=$2 fsid=$3
  cat >"$state/ceph.conf" <<CONF
[global]
fsid = $fsid
mon_host = [v2:127.0.0.2:$port]
public_addr = 127.0.0.3
cluster_addr = 127.0.0.3
ms_bind_ipv6 = false
ms_bind_msgr1 = false
keyring = $state/keyring
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 4
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
crush_location = root=default host=localhost
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 2000
mon_data_avail_crit = 1
paxos_propose_interval = 0.05
auth_allow_insecure_global_id_reclaim = false
run_dir = $state/run
crash_dir = $state
admin_socket =
log_file = $state/log/\$name.log
plugin_dir = $lib/ceph
erasure_code_dir = $lib/ceph/erasure-code
osd_class_dir = $lib/rados-classes
osd_class_load_list = *
osd_class_default_list = *
[mon]
mon_data = $state/mon
[osd]
osd_data = $state/osd
osd_objectstore = memstore
memstore_device_bytes = 2147483648
[client.rgw]
rgw_data = $state/rgw
rgw_frontends = beast endpoint=127.0.0.1:$port
rgw_thread_pool_size = 64
rgw_s3_auth_use_sts = true
rgw_sts_key = $(hex 8)
rgw_gc_obj_min_wait = 5
rgw_gc_processor_period = 5
rgw_gc_processor_max_time = 5
CONF
}

boot_cluster() {
  local port=$1 fsid=$2 osd
  osd=$(</proc/sys/kernel/random/uuid)
  ceph_run ceph-authtool -C "$state/keyring" -g -n mon. --cap mon 'allow *'
  ceph_run ceph-authtool "$state/keyring" -g -n client.admin --cap mon 'allow *' --cap osd 'allow *'
  ceph_run ceph-authtool "$state/keyring" -g -n osd.0 --cap mon 'allow profile osd' --cap osd 'allow *'
  ceph_run ceph-authtool "$state/keyring" -g -n client.rgw --cap mon 'allow rw' --cap osd 'allow rwx'
  ceph_run monmaptool --create --fsid "$fsid" --addv a "[v2:127.0.0.2:$port]" "$state/monmap"
  ceph_run ceph-mon --mkfs -i a --monmap "$state/monmap" --keyring "$state/keyring"
  launch_ceph mon ceph-mon -i a
  ceph_run "$python" "$root/usr/bin/ceph" osd new "$osd"
  ceph_run ceph-osd --mkfs -i 0 --osd-uuid "$osd"
  launch_ceph osd ceph-osd -i 0
  launch_ceph rgw radosgw -n client.rgw
}

# One request to the gateway, NAME=VALUE its form, signed as S3 once was: an HMAC is all it takes.
# ALSO is a status that is no failure either.
request() {
  "$python" - "$@" <<'PYTHON'
import base64, email.utils, hmac, http.client, sys, urllib.parse

port, key, secret, also, method, path, *form = sys.argv[1:]
fields = dict(field.split("=", 1) for field in form)
body = urllib.parse.urlencode(fields, quote_via=urllib.parse.quote, safe="")
kind = "application/x-www-form-urlencoded" if form else ""
date = email.utils.formatdate(usegmt=True)
text = f"{method}\n\n{kind}\n{date}\n{path}".encode()
signature = base64.b64encode(hmac.new(secret.encode(), text, "sha1").digest()).decode()
connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=30)
headers = {"Date": date, "Authorization": f"AWS {key}:{signature}", "Content-Length": str(len(body))}
connection.request(method, path, body, {**headers, "Content-Type": kind} if form else headers)
answer = connection.getresponse()
answer.status in (200, int(also)) or sys.exit(f"{method} {path} {form[:1]}: {answer.status} {answer.read()}")
PYTHON
}

# An existing role of that name is replaced.
make_role() {
  local name=$1 trust=$2
  shift 2
  request "$@" 404 POST / Action=DeleteRolePolicy RoleName="$name" PolicyName=bucket
  request "$@" 404 POST / Action=DeleteRole RoleName="$name"
  request "$@" 200 POST / Action=CreateRole RoleName="$name" Path=/ MaxSessionDuration=43200 \
    AssumeRolePolicyDocument='{"Version":"2012-10-17","Statement":['"$trust"']}'
  request "$@" 200 POST / Action=PutRolePolicy RoleName="$name" PolicyName=bucket \
    PolicyDocument="$permissions"
}

start() {
  local port=$1 lib fsid key secret
  check_port "$port"
  if is_running; then
    show_running "$port"
    return
  fi
  clear_for "$port"
  alone_in "$packages" 600 unpack

  lib=$(echo "$root"/usr/lib/*-linux-gnu)
  within=(env -u PYTHONHOME -u CEPH_ARGS PYTHONPATH="$root/usr/lib/python3/dist-packages"
    LD_LIBRARY_PATH="$lib:$lib/ceph:$root/lib/${lib##*/}" CEPH_CONF="$state/ceph.conf"
    no_proxy=127.0.0.1 PATH="$root/usr/bin:$PATH")
  fsid=$(</proc/sys/kernel/random/uuid)
  key=$(hex 10)
  secret=$(hex 20)
  claim "$port" 120
  mkdir -- "$state"/{mon,osd,rgw}
  write_conf "$lib" "$port" "$fsid"
  boot_cluster "$port" "$fsid" >"$state/log/setup.out" 2>&1
  wait_ready "$port" /
  ceph_run radosgw-admin user create --uid tester --display-name tester --access-key "$key" \
    --secret-key "$secret" --caps 'roles=*;oidc-provider=*' >"$state/log/admin.out" 2>&1
  request "$port" "$key" "$secret" 200 PUT "/$bucket"
  make_role "$role" '{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam:::user/tester"]},"Action":["sts:AssumeRole"],"Condition":{"Bool":{"sts:authentication":"false"}}}' \
    "$port" "$key" "$secret"
  echo "$port $key $secret" >"$state/access"

  publish "$port" "$bucket" "$key" "$secret" "arn:aws:iam:::role/$role"
}

# The provider's name, and with it the condition keys of a trust policy, is the issuer without scheme.
provider() {
  local issuer=$1 client=$2 thumbprint=$3 arn access
  check_issuer "$issuer" "$client"
  [[ $thumbprint =~ ^[0-9A-Fa-f]{40}$ ]] || fail 'not the SHA-1 of a certificate, in hex'
  is_running || fail "no server runs in $dir"
  read -ra access <"$state/access"
  arn=arn:aws:iam:::oidc-provider/${issuer#*://}
  request "${access[@]}" 404 POST / Action=DeleteOpenIDConnectProvider OpenIDConnectProviderArn="$arn"
  request "${access[@]}" 200 POST / Action=CreateOpenIDConnectProvider Url="$issuer" \
    ClientIDList.member.1="$client" ThumbprintList.member.1="$thumbprint"
  make_role "$web_role" '{"Effect":"Allow","Principal":{"Federated":["'"$arn"'"]},"Action":["sts:AssumeRoleWithWebIdentity"]}' \
    "${access[@]}"
  show_web_role "arn:aws:iam:::role/$web_role"
}

[[ $verb != stop || -d $2 ]] || exit 0
open_dir "$2" cluster rgw osd mon
[[ $dir != *[:\;#\$\"\'\\,\ ]* ]] || fail "ceph.conf cannot hold this path: $dir"
lock_dir
case $verb in
start) start "$3" ;;
provider) provider "${@:3}" ;;
stop) remove ;;
esac
