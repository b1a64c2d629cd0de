#!/usr/bin/env bash
# MinIO on loopback for tests of session keys. Licensed under the AGPL: only built and run here, never shipped.
#
#   dev/minio.sh build            builds the server once, with the machine's Go
#   dev/minio.sh start DIR PORT   starts an empty server, prints how to reach it as one line of JSON
#   dev/minio.sh provider DIR ISSUER CLIENT-ID
#                                 starts it anew, trusting an OpenID Connect issuer that answers
#                                 (http://127.0.0.1:PORT will do), prints that line again with
#                                 webIdentityRoleArn; call it again to replace the issuer
#   dev/minio.sh stop DIR         ends it and removes its data
#
# The program is kept under .bulkway/minio (or BULKWAY_MINIO_FOLDER). Each DIR is a server of its own.
#
# Known differences from STS: AssumeRole looks at neither role nor session name: a session has what its
# user may do, narrowed by its policy. A session cannot make another one.
set -euo pipefail

# shellcheck source=dev/daemon.sh
source "$(dirname -- "$0")/daemon.sh"

verb=${1:-}
case $verb/$# in
build/1 | start/3 | provider/4 | stop/2) ;;
*) fail 'usage: minio.sh build | start DIR PORT | provider DIR ISSUER CLIENT-ID | stop DIR' ;;
esac
version=v0.0.0-20260212201848-7aac2a2c5b7c
folder=${BULKWAY_MINIO_FOLDER:-$(cd -- "$(dirname -- "$0")/.." && pwd -P)/.bulkway/minio}
program=$folder/minio-$version
bucket=bulkway-test
policy=bulkway-test
health=/minio/health/ready

# --- the program ----------------------------------------------------------------------------------

build() {
  [[ ! -x $program ]] || return 0
  command -v go >/dev/null || fail 'there is no Go to build it with: put go 1.24 or newer on PATH'
  say "building MinIO $version, which takes minutes"
  rm -rf -- "$folder/part"
  (cd -- "$folder" && GOBIN=$folder/part GOTOOLCHAIN=local CGO_ENABLED=0 \
    GOFLAGS='-buildvcs=false -p=1' nice -n 10 \
    go install -trimpath -ldflags '-s -w' "github.com/minio/minio@$version" >&2) ||
    fail 'it cannot be built'
  mv -- "$folder/part/minio" "$program"
  rmdir -- "$folder/part"
}

# --- the server -----------------------------------------------------------------------------------

# Nothing of the caller's environment: neither settings of another server nor a proxy.
launch_minio() {
  local port=$1 root
  shift
  read -ra root <"$state/root"
  launch minio env -i HOME="$state" PATH="$PATH" MINIO_ROOT_USER="${root[0]}" \
    MINIO_ROOT_PASSWORD="${root[1]}" MINIO_SITE_REGION=us-east-1 MINIO_BROWSER=off \
    MINIO_UPDATE=off MINIO_CALLHOME_ENABLE=off MINIO_CI_CD=1 "$@" \
    "$program" server --quiet --address "127.0.0.1:$port" --certs-dir "$state/certs" "$state/files"
}

# --- users and policies ---------------------------------------------------------------------------

# SECONDS: makes the bucket, a policy for all of it, and a user that has this policy alone. The
# administrator's API takes a user's secret encrypted with the administrator's own: a salt of 32 bytes,
# the way it is done (2: PBKDF2 and AES-256-GCM), 8 bytes of nonce, then the last and only segment,
# numbered 1, that binds the tag of an empty one, numbered 0.
#
# It is "ready" before it has loaded its users and policies: what is asked until then is asked again.
# In the end the user has listed the bucket. All of it may be done again, after a new start.
prepare() {
  local root user seconds=$((deadline - SECONDS))
  read -ra root <"$state/root"
  read -ra user <"$state/user"
  node --input-type=commonjs - "$seconds" "$1" "${root[@]}" "$bucket" "$policy" "${user[@]}" <<'JAVASCRIPT'
const crypto = require('node:crypto')
const http = require('node:http')
const { setTimeout } = require('node:timers/promises')

const [seconds, port, rootId, rootSecret, bucket, policy, userId, userSecret] = process.argv.slice(2)
const deadline = Date.now() + seconds * 1000
const arn = `arn:aws:s3:::${bucket}`
const statement = { Effect: 'Allow', Action: ['s3:*'], Resource: [arn, `${arn}/*`] }
const user = { secretKey: userSecret, status: 'enabled' }
const admin = '/minio/admin/v3'

async function main() {
  await put(`/${bucket}`, {}, '', [409])
  const document = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
  await put(`${admin}/add-canned-policy`, { name: policy }, document)
  await put(`${admin}/add-user`, { accessKey: userId }, encrypt(JSON.stringify(user)))
  const mapping = { isGroup: 'false', policyName: policy, userOrGroup: userId }
  // Refused with 400 where the user has the policy.
  await put(`${admin}/set-user-or-group-policy`, mapping, '', [400])
  await ask('GET', `/${bucket}`, { 'list-type': '2' }, '', [userId, userSecret])
}

function put(path, parameters, body, done = []) {
  return ask('PUT', path, parameters, body, [rootId, rootSecret], done)
}

async function ask(method, path, parameters, body, keys, done = []) {
  for (;;) {
    const { status, said } = await send(method, path, parameters, body, keys)
    if (status === 200 || done.includes(status)) return
    if (Date.now() > deadline) throw new Error(`${method} ${path}: ${status} ${said}`)
    await setTimeout(50)
  }
}

function encrypt(text) {
  const salt = crypto.randomBytes(32)
  const nonce = crypto.randomBytes(8)
  const key = crypto.pbkdf2Sync(rootSecret, salt, 8192, 32, 'sha256')
  const seal = (number, bound, bytes) => {
    const counter = Buffer.alloc(4)
    counter.writeUInt32LE(number)
    const cipher = crypto.createCipheriv('aes-256-gcm', key, Buffer.concat([nonce, counter]))
    cipher.setAAD(bound)
    return Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()])
  }
  const bound = Buffer.concat([Buffer.from([0x80]), seal(0, Buffer.alloc(0), '')])
  return Buffer.concat([salt, Buffer.from([2]), nonce, seal(1, bound, text)])
}

// Parameters in the order of their names, of characters that need no encoding.
function send(method, path, parameters, body, [keyId, keySecret]) {
  const host = `127.0.0.1:${port}`
  const query = Object.entries(parameters).map((pair) => pair.join('=')).join('&')
  const time = new Date().toISOString().replace(/[:-]|\.\d+/g, '')
  const scope = `${time.slice(0, 8)}/us-east-1/s3/aws4_request`
  const digest = hash(body)
  const names = 'host;x-amz-content-sha256;x-amz-date'
  const signed = `host:${host}\nx-amz-content-sha256:${digest}\nx-amz-date:${time}\n`
  const canonical = [method, path, query, signed, names, digest].join('\n')
  const text = ['AWS4-HMAC-SHA256', time, scope, hash(canonical)].join('\n')
  const key = scope.split('/').reduce((last, part) => hmac(last, part), `AWS4${keySecret}`)
  const headers = {
    host,
    'content-length': Buffer.byteLength(body),
    'x-amz-content-sha256': digest,
    'x-amz-date': time,
    authorization: `AWS4-HMAC-SHA256 Credential=${keyId}/${scope}, SignedHeaders=${names}, Signature=${hmac(key, text).toString('hex')}`,
  }
  return new Promise((resolve, reject) => {
    const request = http.request(
      { host: '127.0.0.1', port, method, path: query ? `${path}?${query}` : path, headers },
      async (answer) => {
        let said = ''
        for await (const chunk of answer) said += chunk
        resolve({ status: answer.statusCode, said })
      },
    )
    request.on('error', reject).end(body)
  })
}

function hash(bytes) {
  return crypto.createHash('sha256').update(bytes).digest('hex')
}

function hmac(key, text) {
  return crypto.createHmac('sha256', key).update(text).digest()
}

main().catch((error) => {
  console.error(`minio: ${error.message}`)
  process.exitCode = 1
})
JAVASCRIPT
}

# --- verbs ----------------------------------------------------------------------------------------

start() {
  local port=$1 root user
  check_port "$port"
  if is_running; then
    show_running "$port"
    return
  fi
  clear_for "$port"
  alone_in "$folder" 1800 build

  root=("$(hex 10)" "$(hex 20)")
  user=("$(hex 10)" "$(hex 20)")
  claim "$port" 60
  mkdir -- "$state"/{files,certs}
  (umask 077 && echo "${root[@]}" >"$state/root" && echo "${user[@]}" >"$state/user")
  launch_minio "$port"
  wait_ready "$port" "$health"
  prepare "$port"
  publish "$port" "$bucket" "${user[@]}" arn:aws:iam::000000000000:role/bulkway-job
}

# A role's name is made of the client id; what it may do is the policy named here.
provider() {
  local issuer=$1 client=$2 port name
  check_issuer "$issuer" "$client"
  is_running || fail "no server runs in $dir"
  # MinIO starts without an issuer that is not there, and then knows no role.
  node -e 'fetch(process.argv[1]).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))' \
    "$issuer/.well-known/openid-configuration" || fail "$issuer does not answer"
  port=$(<"$state/port")
  name=$(node -p 'crypto.createHash("sha1").update(process.argv[1]).digest("base64url")' "$client")
  end_all
  attempt 60
  launch_minio "$port" MINIO_IDENTITY_OPENID_CONFIG_URL="$issuer/.well-known/openid-configuration" \
    MINIO_IDENTITY_OPENID_CLIENT_ID="$client" MINIO_IDENTITY_OPENID_ROLE_POLICY="$policy"
  wait_ready "$port" "$health"
  prepare "$port"
  settle
  show_web_role "arn:minio:iam:us-east-1::role/$name"
}

if [[ $verb == build ]]; then
  alone_in "$folder" 1800 build
  exit
fi
[[ $verb != stop || -d $2 ]] || exit 0
open_dir "$2" server minio
lock_dir
case $verb in
start) start "$3" ;;
provider) provider "$3" "$4" ;;
stop) remove ;;
esac
