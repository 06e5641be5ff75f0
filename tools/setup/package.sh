#!/usr/bin/env bash
# Makes sure there is a program of Debian's that the tests run for real. Installs its package where that needs no
# question; ends with one line that says what to do otherwise.
#
#   package.sh WORD PACKAGE MISSING WANTED PROGRAM...
#
# WORD begins every line; MISSING and WANTED are what the line says there is none of, and what to install; any one of
# the PROGRAMs is enough.
set -euo pipefail

word=$1 package=$2 missing=$3 wanted=$4
shift 4
for name in "$@"; do
    if command -v "$name" >/dev/null; then
        exit 0
    fi
done

fail() {
    echo "$word: $*" >&2
    exit 1
}

by_hand="Fix: install $wanted (Debian: apt-get install $package), then call this again."
command -v apt-get >/dev/null || fail "$missing on PATH, and no apt-get to install one with. $by_hand"

if [[ $(id -u) == 0 ]]; then
    as_root=(env DEBIAN_FRONTEND=noninteractive)
elif command -v sudo >/dev/null && sudo --non-interactive true 2>/dev/null; then
    as_root=(sudo --non-interactive env DEBIAN_FRONTEND=noninteractive)
else
    fail "$missing on PATH, and no right to install one. $by_hand"
fi

echo "$word: installing $package"
notes=$(mktemp)
trap 'rm -f "$notes"' EXIT
if ! { "${as_root[@]}" apt-get update && "${as_root[@]}" apt-get install --yes --no-install-recommends "$package"; } \
    >"$notes" 2>&1; then
    fail "apt-get could not install it: $(grep -m1 '^E:' "$notes" | sed 's#https\?://[^ ]*#the mirror#g'). $by_hand"
fi
echo "$word: done"
