#!/usr/bin/env bash
# Calls one function of the libraries, for a program that is no shell:
#
#   call.sh FUNCTION ARGUMENT...
#
# STATE is in the environment, and what else the function needs. What it starts goes on when this has ended, and is in
# STATE/pids for whoever stops it.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source-path=SCRIPTDIR source=stack.sh
source "$ROOT/scripts/lib/stack.sh"
# shellcheck source-path=SCRIPTDIR source=bench.sh
source "$ROOT/scripts/lib/bench.sh"
"$@"
