# shellcheck shell=bash
# The whole system on this machine: Postgres, Redis, participants, API, engines. Used by up, demo and test.
#
# Needs common.sh and STATE. Ports come in as variables: PG_PORT REDIS_PORT API_PORT OPS_PORT MOCKS_PORT
# (the first of six) and ENGINES (engine N listens on OPS_PORT + N - 1). `saga dev` starts and watches it.

# shellcheck source-path=SCRIPTDIR source=install.sh
source "$ROOT/scripts/lib/install.sh"
# shellcheck source-path=SCRIPTDIR source=ports.sh
source "$ROOT/scripts/lib/ports.sh"
# shellcheck source-path=SCRIPTDIR source=processes.sh
source "$ROOT/scripts/lib/processes.sh"
# shellcheck source-path=SCRIPTDIR source=postgres.sh
source "$ROOT/scripts/lib/postgres.sh"
# shellcheck source-path=SCRIPTDIR source=redis.sh
source "$ROOT/scripts/lib/redis.sh"
# shellcheck source-path=SCRIPTDIR source=coverage.sh
source "$ROOT/scripts/lib/coverage.sh"

# What a release build is told besides: linked as in the image, with the Swift runtime inside. Ways to build mixed in one
# folder would each build everything anew.
RELEASE_FLAGS=(--static-swift-stdlib)

# build_products: with the configuration SAGAFLOW_BUILD (debug or release), and sets BIN. The compiler is not even asked when
# nothing has changed since: only to see that takes it seconds.
build_products() {
    local configuration=${SAGAFLOW_BUILD:-debug} flags known=$ROOT/.build/sagaflow-${SAGAFLOW_BUILD:-debug}.built
    mapfile -t flags < <(coverage_flags)
    [[ $configuration != release ]] || flags+=("${RELEASE_FLAGS[@]}")
    BIN=$(sed -n 2p "$known" 2>/dev/null || true)
    if [[ -n $BIN && $(head -n 1 "$known") == "$(build_state "${flags[@]}")" ]]; then
        say "nothing has changed since the last build"
        return
    fi
    run_child swift build --package-path "$ROOT" -c "$configuration" "${flags[@]}"
    BIN=$(swift build --package-path "$ROOT" -c "$configuration" --show-bin-path)
    printf '%s\n%s\n' "$(build_state "${flags[@]}")" "$BIN" >"$known"
}

# build_state FLAG...: one word for what is built from, by what, and what came of it in BIN.
build_state() {
    (
        cd "$ROOT" || exit
        echo "$@" "$(readlink -f "$(command -v swift)")"
        find Package.swift Package.resolved Sources mocks bench -type f -printf '%p %s %T@\n' 2>/dev/null | LC_ALL=C sort
        stat -c '%n %s %Y' "$BIN"/{sagaflow-api,sagaflow-engine,sagaflow-mocks,saga} 2>&1
    ) | sha256sum | cut -d ' ' -f 1
}

# answers URL
answers() { curl -fsS --max-time 2 -o /dev/null "$1"; }

# Starts everything with `saga dev`, which keeps its data in STATE and logs into STATE/logs/dev.log, and waits until it is up.
# ADMIN_TOKEN is the token of the admin named dev.
start_stack() {
    SAGAFLOW_ADMIN_TOKEN=$ADMIN_TOKEN start_process dev "$BIN/saga" dev --data "$STATE" --engines "$ENGINES" \
        --postgres-port "$PG_PORT" --redis-port "$REDIS_PORT" --port "$API_PORT" --participants-port "$MOCKS_PORT" \
        --ops-port "$OPS_PORT"
    wait_until 180 dev "it was up" grep -q '^sagaflow is up' "$STATE/logs/dev.log"
    export SAGAFLOW_URL="http://127.0.0.1:$API_PORT"
    export SAGAFLOW_MOCKS_URL="http://127.0.0.1" SAGAFLOW_MOCKS_PORT=$MOCKS_PORT
}
