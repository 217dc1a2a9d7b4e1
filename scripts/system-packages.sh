#!/bin/sh
# Installs what no wheel carries and the tests use: a real Alertmanager (with amtool), Prometheus
# (for promtool), a real Chromium.
# Does nothing where they are; where they may not be installed, says so and the tests that need them are skipped
# with the reason named. In CI (CI=true) they must be there.
set -u
missing=""
command -v prometheus-alertmanager >/dev/null 2>&1 || command -v alertmanager >/dev/null 2>&1 || missing="$missing prometheus-alertmanager"
command -v promtool >/dev/null 2>&1 || missing="$missing prometheus"
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  export DEBIAN_FRONTEND=noninteractive
  # shellcheck disable=SC2086  # one word a package
  if apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing fonts-dejavu-core >/dev/null 2>&1; then
    exit 0
  fi
fi
echo "not installed:$missing (needs root on Debian or Ubuntu); the tests that use them are skipped" >&2
[ "${CI:-}" != true ]
