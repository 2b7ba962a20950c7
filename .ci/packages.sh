# Sourced by test: the Debian packages that tests need, installed where they are missing and this user may.
# shellcheck shell=bash

install_missing() {
  local wanted=()
  [ -n "${DESK_CHROMIUM:-}" ] || command -v chromium-headless-shell >/dev/null || { [ -z "${CI:-}" ] && command -v chromium >/dev/null; } ||
    wanted+=(chromium-headless-shell)
  [ -n "$(find /usr/share/fonts -iname '*NotoSansCJK*' 2>/dev/null | head -1)" ] || wanted+=(fonts-noto-cjk)
  [ -z "${CI:-}" ] || [ -x /usr/lib/postgresql/15/bin/initdb ] || wanted+=(postgresql-15)
  [ ${#wanted[@]} -gt 0 ] || return 0
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "Not installed, and this user cannot install it: ${wanted[*]}"
    return
  fi
  echo "Installing ${wanted[*]} …"
  no_service_of_its_own
  export DEBIAN_FRONTEND=noninteractive
  timeout 120 apt-get update -qq || echo "apt-get update failed; going on with what is there"
  local package
  for package in "${wanted[@]}"; do
    install_package "$package" || echo "$package could not be installed; going on without"
  done
}

install_package() {
  timeout 240 apt-get install -y -qq --no-install-recommends "$1" >/dev/null 2>&1 && return
  [ "$1" = chromium-headless-shell ] && { command -v chromium >/dev/null || install_package chromium; }
}

# Only the binaries are wanted: no cluster, no service.
no_service_of_its_own() {
  [ -e /etc/postgresql-common/createcluster.conf ] && return
  mkdir -p /etc/postgresql-common
  echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
}
