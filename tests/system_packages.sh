#!/usr/bin/env bash
# Installs the real peers that tests and benchmarks talk to, where it may; names what is missing where it may not.
set -u
declare -A command_of=(
  [prometheus]=prometheus [prometheus-node-exporter]=prometheus-node-exporter [victoria-metrics]=victoria-metrics
  [prometheus-alertmanager]=prometheus-alertmanager [ripgrep]=rg [zstd]=zstdcat [chromium]=chromium
)
# Node's senders, where Node is: their exact versions stand in the lock file.
senders="$(dirname "$0")/senders"
if command -v npm >/dev/null && [ "$senders/package-lock.json" -nt "$senders/node_modules/.package-lock.json" ]; then
  echo "==> installing Node's log senders"
  npm ci --silent --prefix "$senders" || echo "missing: Node's log senders; tests that need them will be skipped and listed"
fi
missing=()
for package in "${!command_of[@]}"; do
  command -v "${command_of[$package]}" >/dev/null || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "==> installing ${missing[*]}"
  # Debian's packages start their services at once; the tests start their own.
  printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d
  apt-get update -qq >/dev/null 2>&1
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null 2>&1
  rm -f /usr/sbin/policy-rc.d
fi
for package in "${missing[@]}"; do
  command -v "${command_of[$package]}" >/dev/null || echo "missing: Debian package $package; tests that need it will be skipped and listed"
done
exit 0
