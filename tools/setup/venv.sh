#!/usr/bin/env bash
# Makes .venv with Outlay (editable) and everything the tests need. Does nothing when that is done already for this
# pyproject.toml in this folder; the stamp inside .venv remembers both, because a copied .venv points to where it was.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

stamp=.venv/.setup-done
log=.venv/setup.log
wanted="$PWD $(sha256sum <pyproject.toml)"

if [[ -x .venv/bin/outlay && $(cat "$stamp" 2>/dev/null) == "$wanted" ]]; then
    exit 0
fi

fail() {
    echo "setup: $*" >&2
    exit 1
}

is_usable() {
    .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null &&
        grep -qF "$PWD/.venv" .venv/bin/activate
}

if ! is_usable; then
    python=$(tools/setup/python.sh)
    echo "setup: making .venv with $("$python" --version)"
    rm -rf .venv
    if command -v uv >/dev/null; then
        uv venv --quiet --python "$python" .venv
    else
        "$python" -m venv .venv >/dev/null 2>&1 ||
            fail "$python cannot make a virtual environment. Fix: install its venv module (Debian: apt-get install python3-venv)."
    fi
fi

echo "setup: installing Outlay and its tools into .venv (the first time takes a few minutes)"
if command -v uv >/dev/null; then
    install=(uv pip install --quiet --python .venv/bin/python)
else
    .venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip >/dev/null
    install=(.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input)
fi
# What the installer has to say goes to a log: it names mirrors and hosts, which are nobody else's business.
"${install[@]}" --editable '.[dev]' >"$log" 2>&1 ||
    fail "the packages could not be installed; $log says why. Fix: mend that (often the network), then make setup again."

echo "$wanted" >"$stamp"
echo "setup: done, .venv/bin/outlay is there"
