#!/usr/bin/env bash
# Makes sure there is a Chromium: the tests of the web pages drive a real one.
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/package.sh" browser chromium "no Chromium or Chrome" "the package chromium" \
    chromium chromium-browser google-chrome google-chrome-stable
