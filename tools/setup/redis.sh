#!/usr/bin/env bash
# Makes sure there is a Redis server: the tests of RQ run a real one.
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/package.sh" redis redis-server "no redis-server" "a Redis server" redis-server
