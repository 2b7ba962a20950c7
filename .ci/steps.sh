# Sourced by run, test and bench, from the root of the checkout: what they share.
# shellcheck shell=bash

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
# Build servers would outlive the script and hold its output open.
export MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0

program=$(basename "$0")
started_at=$SECONDS

say() { printf '%s\n' "$*"; }

fail() {
  printf '%s: %s\n' "$program" "$1" >&2
  exit "${2:-1}"
}

# What builds the web client needs it (Web/package.json, engines).
node_wanted='Node.js 20.19 (or a later 20), or 22.12 or newer'

is_new_enough() {
  local major minor
  IFS=. read -r major minor _ <<<"${1#v}"
  case $major in
    20) [ "$minor" -ge 19 ] ;;
    22) [ "$minor" -ge 12 ] ;;
    *) [ "$major" -gt 22 ] ;;
  esac
}

need_tools() {
  command -v dotnet >/dev/null || fail "the .NET 10 SDK is missing (https://dotnet.microsoft.com/download)"
  dotnet --list-sdks | grep -q '^10\.' || fail "the .NET 10 SDK is missing; dotnet here has: $(dotnet --list-sdks | cut -d' ' -f1 | tr '\n' ' ' | sed 's/ $//')"
  command -v node >/dev/null || fail "$node_wanted, is missing (https://nodejs.org)"
  is_new_enough "$(node --version)" || fail "$node_wanted, is needed; this is $(node --version)"
  command -v npm >/dev/null || fail "npm is missing; it comes with Node.js"
}

# Each child is a process group of its own: Ctrl-C reaches only this script, which then ends them in order, with all of their own children.
# A signal may come before the caller has written down whom it started: starting says so until then.
starting=
spawn() {
  starting=yes
  set -m
  "$@" 8>&- 9>&- </dev/null &
  child=$!
  set +m
}

is_alive() { kill -0 "$1" 2>/dev/null; }

# The status of GET /health/ready, empty when nobody answers.
ready_status() {
  local reply=''
  { exec 7<>"/dev/tcp/127.0.0.1/$1"; } 2>/dev/null || return 0
  printf 'GET /health/ready HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n' >&7 2>/dev/null || true
  read -r -t 5 _ reply _ <&7 2>/dev/null || true
  exec 7>&-
  printf '%s' "$reply"
}

# Asks a child and what it started to end, insists after the given number of seconds.
end_group() {
  local pid=$1 left=$(($2 * 10))
  kill -TERM -- "-$pid" 2>/dev/null || return 0
  while is_alive "$pid"; do
    if [ "$left" -le 0 ]; then kill -KILL -- "-$pid" 2>/dev/null || true; break; fi
    left=$((left - 1))
    sleep 0.1
  done
  wait "$pid" 2>/dev/null || true
}

# step TITLE LOG COMMAND…: shows the title while the command works and its time when done; what it printed is shown when it fails.
step() {
  local title=$1 log=$2 from=$SECONDS status=0
  shift 2
  if [ -t 1 ]; then printf '  %s …' "$title"; else say "  $title …"; fi
  spawn "$@" >"$log" 2>&1
  working=$child starting=
  [ ! -t 1 ] || tick "$title" "$from"
  wait "$child" 2>/dev/null || status=$?
  working=
  if [ "$status" = 0 ]; then
    if [ -t 1 ]; then printf '\r  %s … %d s\n' "$title" $((SECONDS - from)); fi
    return 0
  fi
  [ ! -t 1 ] || echo
  return "$status"
}

tick() {
  while is_alive "$working"; do
    printf '\r  %s … %d s' "$1" $((SECONDS - $2))
    sleep 0.2
  done
}

# Where to read on, for scripts whose logs outlive them.
words_in() { [ -z "${logs_stay:-}" ] || printf '; all of its words are in %s' "$1"; }

# The few lines of a log that say what went wrong.
gist() {
  if grep -qE '(error|npm error|Unhandled exception)' "$1"; then
    grep -E '(error|npm error|Unhandled exception)' "$1" | sed 's/^[[:space:]]*//' | awk '!seen[$0]++' | head -"${2:-20}"
  else
    tail -"${2:-20}" "$1"
  fi
}

# Two builds of one checkout write the same files. Where flock is missing (macOS) they are not kept apart.
alone() {
  if command -v flock >/dev/null; then
    exec 8>"${TMPDIR:-/tmp}/servicedesk-build-$(id -u)-$(pwd | cksum | cut -d' ' -f1).lock"
    flock -n 8 || { say "  Waiting for another build of this checkout …"; flock 8; }
  fi
  "$@"
  exec 8>&-
}

build_step() { alone build_dotnet "$@"; }

# A host is built anew only where its sources are others since the last time, or what lies there is not what came of them.
build_host() { alone build_changed "$@"; }

build_changed() {
  if [ "$(cat "$3/obj/.desk-built" 2>/dev/null)" = "$(sources_of "$3") $(built_of "$3")" ]; then say "  $1 … nothing has changed"
  else build_dotnet "$@"
  fi
}

build_dotnet() {
  local title=$1 log=$2 hosts=$3 host sources from=''
  shift 2
  [ "$1" != PropertyServiceDesk.sln ] || hosts='Api Workers'
  for host in $hosts; do from+="$host $(sources_of "$host")"$'\n'; done
  step "$title" "$log" dotnet build "$@" --configuration Release -nologo -v quiet -clp:NoSummary -p:UseSharedCompilation=false \
    ${JOB_ENGINE:+-p:JobEngine=$JOB_ENGINE} ||
    { gist "$log" >&2; fail "the build failed$(words_in "$log")"; }
  # Of what was there before it began: what was changed while it ran is built the next time.
  while read -r host sources; do
    [ -z "$host" ] || printf '%s' "$sources $(built_of "$host")" >"$host/obj/.desk-built"
  done <<<"$from"
}

# What a host is made of; the marks lie in obj, which git ignores.
sources_of() {
  { dotnet --version; printf '%s\n' "${JOB_ENGINE:-}"; find "$1" Domain db/migrations db/reference db/demo .editorconfig global.json Directory.*.props \( -name bin -o -name obj \) -prune -o -type f -print0 | LC_ALL=C sort -z | xargs -0 cksum; } | cksum | tr ' ' -
}

built_of() { cat "$1"/bin/Release/net10.0/PropertyServiceDesk.* 2>/dev/null | cksum | tr ' ' -; }

# --- the web client

# The types come from the API's document, so a build is as old as that, too.
sum_of() { (cd Web && find . ../docs/openapi.json \( -path ./node_modules -o -path ./dist -o -path ./TestResults -o -name '*.gen.ts' \) -prune -o -type f "$@" -print0 | LC_ALL=C sort -z | xargs -0 cksum | cksum); }

has_script() { node -e 'process.exit(require("./Web/package.json").scripts?.[process.argv[1]] ? 0 : 1)' "$1"; }

web_client() { alone build_web_client "$1"; }

# Installs and builds only what changed since the last time; the marks lie in node_modules, which git ignores.
build_web_client() {
  local log=$1 packages sources
  [ -f Web/package.json ] || return 0
  packages=$(cksum Web/package.json Web/package-lock.json)
  if [ "$(cat Web/node_modules/.desk-packages 2>/dev/null)" != "$packages" ]; then
    step "Packages of the web client" "$log" npm --prefix Web ci --no-audit --no-fund --loglevel=error ||
      { gist "$log" >&2; fail "npm ci failed in Web$(words_in "$log")"; }
    printf '%s' "$packages" >Web/node_modules/.desk-packages
  fi
  sources=$(sum_of)
  if [ ! -d Web/dist ] || [ "$(cat Web/node_modules/.desk-built 2>/dev/null)" != "$sources" ]; then
    step "Building the web client" "$log" npm --prefix Web run build || { gist "$log" >&2; fail "the build of the web client failed$(words_in "$log")"; }
    printf '%s' "$(sum_of)" >Web/node_modules/.desk-built
  fi
}
