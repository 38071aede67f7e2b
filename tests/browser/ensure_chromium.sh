#!/usr/bin/env bash
# Prints the path of a Chromium or Chrome; installs Chromium with the system's package manager where it may.
set -euo pipefail

found() {
  local name
  if [ -n "${ONETRAIL_CHROMIUM:-}" ] && [ -x "$ONETRAIL_CHROMIUM" ]; then
    printf '%s\n' "$ONETRAIL_CHROMIUM"
    return 0
  fi
  for name in chromium chromium-browser google-chrome google-chrome-stable; do
    command -v "$name" && return 0
  done
  for name in "/Applications/Chromium.app/Contents/MacOS/Chromium" \
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"; do
    if [ -x "$name" ]; then
      printf '%s\n' "$name"
      return 0
    fi
  done
  return 1
}

install() {
  local as_root=()
  if command -v brew >/dev/null && [ "$(uname)" = Darwin ]; then
    brew install --cask chromium
    return
  fi
  if [ "$(id -u)" -ne 0 ]; then
    sudo -n true 2>/dev/null || return 1
    as_root=(sudo -n)
  fi
  if command -v apt-get >/dev/null; then
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core ||
      "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium-browser
  elif command -v dnf >/dev/null; then
    "${as_root[@]}" dnf install -y -q chromium
  elif command -v apk >/dev/null; then
    "${as_root[@]}" apk add --quiet chromium
  else
    return 1
  fi
}

found && exit 0
echo "no Chromium here: installing it" >&2
install >&2 || true
found && exit 0
echo "the browser tests need Chromium and it cannot be installed from here: install the package chromium, or point ONETRAIL_CHROMIUM at a Chrome" >&2
exit 2
