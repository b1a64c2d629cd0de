# shellcheck shell=bash
# Sourced by the scripts that run a real store on loopback: its processes, the folder they live in,
# and the line of JSON that says how to reach it.

say() { printf '%s: %s\n' "$(basename -- "$0" .sh)" "$*" >&2; }
fail() {
  say "$*"
  exit 1
}
hex() { od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }

# --- folders --------------------------------------------------------------------------------------

# DIR STATE DAEMON…: sets dir, state (DIR/STATE, which is made and removed here) and the names of the
# server's processes, in the order in which they end.
open_dir() {
  mkdir -p -- "$1"
  dir=$(cd -- "$1" && pwd -P)
  state=$dir/$2
  daemons=("${@:3}")
}

# As long as this script lives, nobody else starts or ends what runs in the folder.
lock_dir() {
  exec 9>"$dir/lock"
  flock -w 300 9 || fail "another run holds $dir/lock"
}

# FOLDER SECONDS COMMAND…: runs the command when no other run does, waiting so long for that.
alone_in() {
  local folder=$1 seconds=$2
  shift 2
  mkdir -p -- "$folder"
  exec 8>"$folder/lock"
  flock -w "$seconds" 8 || fail "another run holds $folder/lock"
  "$@"
  exec 8>&-
}

# --- processes ------------------------------------------------------------------------------------

# The start time tells a daemon from a later process with the same id; a zombie has ended.
birth_of() {
  local stat
  { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
  read -ra stat <<<"${stat##*) }"
  [[ ${stat[0]} != Z ]] && echo "${stat[19]}"
}

runs() {
  local pid birth
  { read -r pid birth <"$state/run/$1.pid"; } 2>/dev/null && [[ $(birth_of "$pid") == "$birth" ]]
}

all_run() {
  local name
  for name in "${daemons[@]}"; do
    runs "$name" || return 1
  done
}

is_running() { all_run && [[ -s $state/facts.json ]]; }

# NAME COMMAND…
launch() {
  local name=$1
  shift
  # 9 is the lock: a daemon that kept it open would hold it for as long as it lives.
  setsid "$@" </dev/null >>"$state/log/$name.out" 2>&1 9>&- &
  echo "$! $(birth_of $!)" >"$state/run/$name.pid"
}

end_all() {
  local name pid signal i
  for name in "${daemons[@]}"; do
    for signal in TERM KILL; do
      runs "$name" || break
      read -r pid _ <"$state/run/$name.pid"
      kill -s "$signal" "$pid" 2>/dev/null || true
      for ((i = 0; i < 50; i++)); do
        runs "$name" || break
        sleep 0.1
      done
    done
    ! runs "$name" || fail "$name (process $pid) does not end"
  done
}

remove() {
  end_all
  [[ ! -e $state ]] || [[ -e $state/port ]] || fail "$state was not made here"
  rm -rf -- "$state"
}

# --- starting -------------------------------------------------------------------------------------

check_port() {
  [[ $1 =~ ^[1-9][0-9]{0,4}$ && $1 -le 65535 ]] || fail "not a port: $1"
}

# Where it runs already: prints how to reach it, if it is on that port.
show_running() {
  [[ $(<"$state/port") == "$1" ]] || fail "$dir runs on port $(<"$state/port")"
  cat -- "$state/facts.json"
}

# Removes what is left of an earlier server, unless another program has the port.
clear_for() {
  remove
  ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null || fail "port $1 is in use"
}

# PORT SECONDS: makes the state of a server, which has so long to get ready.
claim() {
  mkdir -p -- "$state"/{log,run}
  echo "$1" >"$state/port"
  attempt "$2"
}

# From here to `settle`, an error or a signal removes the server.
attempt() {
  deadline=$((SECONDS + $1))
  trap give_up EXIT INT TERM
}

settle() { trap - EXIT INT TERM; }

give_up() {
  settle
  say 'could not start'
  tail -n 10 "$state"/log/*.out >&2 || true
  remove
  exit 1
}

answers() (
  exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
  printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$2" >&3
  read -r -t 5 line <&3 && [[ $line == HTTP/1.1\ 200* ]]
) 2>/dev/null

# PORT PATH: returns once a GET of the path is answered with 200.
wait_ready() {
  until answers "$1" "$2"; do
    all_run || fail 'a daemon ended'
    ((SECONDS < deadline)) || fail 'not ready in time'
    sleep 0.1
  done
}

# --- facts ----------------------------------------------------------------------------------------

# PORT BUCKET KEY SECRET ROLE-ARN: keeps how to reach the server, which runs from now on, and prints it.
publish() {
  printf '{"endpoint":"http://127.0.0.1:%s","region":"us-east-1","bucket":"%s","accessKeyId":"%s","secretAccessKey":"%s","roleArn":"%s","stsEndpoint":"http://127.0.0.1:%s"}\n' \
    "$@" "$1" >"$state/facts.part"
  mv -- "$state/facts.part" "$state/facts.json"
  settle
  cat -- "$state/facts.json"
}

check_issuer() {
  [[ $1 =~ ^https?://[^/\"]+(/[^\"]*[^/\"])?$ ]] || fail "not an issuer: $1"
  [[ $2 =~ ^[A-Za-z0-9._:/-]+$ ]] || fail "not a client id: $2"
}

# Prints the facts with the role that an issuer's tokens are traded for.
show_web_role() { sed "s|}\$|,\"webIdentityRoleArn\":\"$1\"}|" -- "$state/facts.json"; }
