#!/usr/bin/env bash
# Builds the web assets from web/ into the package. Does nothing when they are built from exactly these sources.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

built=src/outlay/serve/web/static/vendor
stamp=web/node_modules/.built-from
log=web/node_modules/.build.log

if [[ ! -f web/package.json ]]; then
    echo "assets: no web/package.json here, so there is nothing to build"
    exit 0
fi

# Sorted relative names make the sum the same on every machine.
wanted=$(find web -name node_modules -prune -o -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum)
if [[ -d $built && $(cat "$stamp" 2>/dev/null) == "$wanted" ]]; then
    exit 0
fi

fail() {
    echo "assets: $*" >&2
    exit 1
}

for tool in node npm; do
    command -v "$tool" >/dev/null ||
        fail "$tool is not installed, and the web pages need it once to be built. Fix: install Node.js 20 or newer (Debian: apt-get install nodejs npm)."
done

echo "assets: building the web assets from web/"
mkdir -p web/node_modules "$built"
# npm ci empties node_modules, the log with it, so the log is kept elsewhere until npm is done.
notes=$(mktemp)
trap 'rm -f "$notes"' EXIT
if [[ -f web/package-lock.json ]]; then how=ci; else how=install; fi
if ! (cd web && npm "$how" --no-audit --no-fund && npm run build) >"$notes" 2>&1; then
    mkdir -p web/node_modules
    cp "$notes" "$log"
    fail "the build failed; $log says why. Fix: mend that (often the network), then make assets again."
fi

[[ -n $(find "$built" -type f -print -quit) ]] ||
    fail "npm run build left nothing in $built. Fix: let the build script in web/package.json write there."
# Counted again: without a lock file, npm has just written one.
find web -name node_modules -prune -o -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum >"$stamp"
echo "assets: done, they are in $built"
