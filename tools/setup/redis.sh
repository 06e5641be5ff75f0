#!/usr/bin/env bash
# Makes sure there is a Redis server: the tests of RQ run a real one. Installs it where that needs no question.
set -euo pipefail

if command -v redis-server >/dev/null; then
    exit 0
fi

fail() {
    echo "redis: $*" >&2
    exit 1
}

by_hand="Fix: install a Redis server (Debian: apt-get install redis-server), then call this again."
command -v apt-get >/dev/null || fail "no redis-server on PATH, and no apt-get to install one with. $by_hand"

if [[ $(id -u) == 0 ]]; then
    as_root=(env DEBIAN_FRONTEND=noninteractive)
elif command -v sudo >/dev/null && sudo --non-interactive true 2>/dev/null; then
    as_root=(sudo --non-interactive env DEBIAN_FRONTEND=noninteractive)
else
    fail "no redis-server on PATH, and no right to install one. $by_hand"
fi

echo "redis: installing redis-server"
notes=$(mktemp)
trap 'rm -f "$notes"' EXIT
if ! { "${as_root[@]}" apt-get update && "${as_root[@]}" apt-get install --yes --no-install-recommends redis-server; } \
    >"$notes" 2>&1; then
    fail "apt-get could not install it: $(grep -m1 '^E:' "$notes" | sed 's#https\?://[^ ]*#the mirror#g'). $by_hand"
fi
echo "redis: done"
