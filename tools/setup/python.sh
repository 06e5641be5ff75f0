#!/usr/bin/env bash
# Prints the interpreter to build .venv with: $PYTHON if given, else the first of the usual names that is 3.11 or
# newer. A name being on PATH is not enough (version managers leave names behind that only explain themselves), so each
# is run. Ends with one line that says what to do when there is none.
set -euo pipefail

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

if [[ -n ${PYTHON:-} ]]; then
    if is_new_enough "$PYTHON"; then
        command -v "$PYTHON"
        exit
    fi
    echo "setup: PYTHON=$PYTHON is not a Python 3.11 or newer. Fix: name another, or leave PYTHON out." >&2
    exit 1
fi

for name in python3.11 python3.12 python3.13 python3 python; do
    if command -v "$name" >/dev/null && is_new_enough "$name"; then
        command -v "$name"
        exit
    fi
done

found=$(python3 --version 2>/dev/null || echo "no python3")
echo "setup: Outlay needs Python 3.11 or newer, found $found. Fix: install python3.11 (Debian: apt-get install" \
    "python3 python3-venv), or call make setup PYTHON=/path/to/python." >&2
exit 1
