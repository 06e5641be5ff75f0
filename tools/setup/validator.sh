#!/usr/bin/env bash
# Makes sure the official FOCUS validator is there, in an environment of its own below .cache: it needs Python 3.12 and
# pins libraries that nothing else here can live with. Does nothing when that is done already.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

place=.cache/focus-validator
stamp=$place/.setup-done
log=$place/setup.log
packages=("focus-validator==2.2.1" "pyarrow<22")
wanted="$PWD ${packages[*]}"

if [[ -x $place/bin/focus-validator && $(cat "$stamp" 2>/dev/null) == "$wanted" ]]; then
    exit 0
fi

fail() {
    echo "validator: $*" >&2
    exit 1
}

# A name being on PATH is not enough (version managers leave names behind that only explain themselves), so each is run.
is_312() {
    [[ $("$1" -c 'import sys; print(*sys.version_info[:2])' 2>/dev/null) == "3 12" ]]
}

python=""
for name in "${PYTHON312:-}" python3.12 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.12.*/bin/python python3 python; do
    if [[ -n $name ]] && command -v "$name" >/dev/null && is_312 "$name"; then
        python=$name
        break
    fi
done

mkdir -p "$(dirname "$place")"
rm -rf "$place"
if [[ -n $python ]]; then
    echo "validator: making $place with $("$python" --version)"
    "$python" -m venv "$place" >/dev/null 2>&1 ||
        fail "$python cannot make a virtual environment. Fix: install its venv module (Debian: apt-get install python3.12-venv)."
    install=("$place/bin/python" -m pip install --quiet --disable-pip-version-check --no-input)
elif command -v uv >/dev/null; then
    echo "validator: making $place with Python 3.12 of uv"
    uv venv --quiet --python 3.12 "$place"
    install=(uv pip install --quiet --python "$place/bin/python")
else
    fail "the FOCUS validator needs Python 3.12, found none. Fix: install python3.12, or name one: PYTHON312=/path/to/python."
fi
# What the installer has to say goes to a log: it names mirrors and hosts, which are nobody else's business.
"${install[@]}" "${packages[@]}" >"$log" 2>&1 ||
    fail "the packages could not be installed; $log says why. Fix: mend that (often the network), then call this again."
echo "$wanted" >"$stamp"
echo "validator: done"
