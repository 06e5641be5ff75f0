#!/usr/bin/env bash
# Makes sure there is a Chromium: the tests of the web pages drive a real one. Installs it where that needs no question.
set -euo pipefail

for name in chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name" >/dev/null; then
        exit 0
    fi
done

fail() {
    echo "browser: $*" >&2
    exit 1
}

by_hand="Fix: install the package chromium (Debian: apt-get install chromium), then call this again."
command -v apt-get >/dev/null || fail "no Chromium or Chrome on PATH, and no apt-get to install one with. $by_hand"

if [[ $(id -u) == 0 ]]; then
    as_root=(env DEBIAN_FRONTEND=noninteractive)
elif command -v sudo >/dev/null && sudo --non-interactive true 2>/dev/null; then
    as_root=(sudo --non-interactive env DEBIAN_FRONTEND=noninteractive)
else
    fail "no Chromium or Chrome on PATH, and no right to install one. $by_hand"
fi

echo "browser: installing chromium"
notes=$(mktemp)
trap 'rm -f "$notes"' EXIT
if ! { "${as_root[@]}" apt-get update && "${as_root[@]}" apt-get install --yes --no-install-recommends chromium; } \
    >"$notes" 2>&1; then
    fail "apt-get could not install it: $(grep -m1 '^E:' "$notes" | sed 's#https\?://[^ ]*#the mirror#g'). $by_hand"
fi
echo "browser: done"
