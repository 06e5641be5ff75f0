#!/usr/bin/env bash
# Makes sure there is a Prometheus: the tests of metrics ask a real one.
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/package.sh" prometheus prometheus "no prometheus" "a Prometheus" prometheus
