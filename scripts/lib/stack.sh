# shellcheck shell=bash
# The whole system on this machine: Postgres, Redis, participants, API, engines. Used by up, demo and test.
#
# Needs common.sh and STATE. Ports come in as variables: PG_PORT REDIS_PORT API_PORT OPS_PORT MOCKS_PORT
# (the first of six) and ENGINES (engine N listens on OPS_PORT + N - 1).

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

ADDRESS=127.0.0.1
# The demo participants are on this machine, where participants are refused otherwise.
export PARTICIPANT_ALLOW=127.0.0.0/8,::1,${PARTICIPANT_ALLOW:-}

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

# start_engine NUMBER
start_engine() {
    # shellcheck disable=SC2086 # SAGAFLOW_ENGINE_FLAGS is a list of words
    start_process "engine-$1" env DATABASE_URL="$DATABASE_URL" OPS_HOST="$ADDRESS" OPS_PORT=$((OPS_PORT + $1 - 1)) \
        "$BIN/sagaflow-engine" ${SAGAFLOW_ENGINE_FLAGS:-}
}

# Migrates, starts everything, waits until each process says it is ready, and registers participants and workflows.
# ADMIN_TOKEN is the token of the admin named dev. Who tries things out makes many admin calls: their rate is for production.
# FORMER_MOCKS_PORT, if set, is where the participants were the last time; somebody's own registrations stay as they are.
start_stack() {
    local number name
    start_postgres "$PG_PORT"
    start_redis "$REDIS_PORT"
    DATABASE_URL=$(make_database sagaflow)
    run_child env DATABASE_URL="$DATABASE_URL" "$BIN/saga" migrate up

    start_process mocks "$BIN/sagaflow-mocks" --database-url "$POSTGRES_URL" --host "$ADDRESS" --port-base "$MOCKS_PORT"
    start_process api env DATABASE_URL="$DATABASE_URL" REDIS_URL="$REDIS_URL" ADMIN_TOKENS="dev:$ADMIN_TOKEN" \
        ADMIN_RATE="${ADMIN_RATE:-6000/1m}" ADMIN_BURST="${ADMIN_BURST:-1000}" HOST="$ADDRESS" PORT="$API_PORT" \
        "$BIN/sagaflow-api"
    for ((number = 1; number <= ENGINES; number++)); do start_engine "$number"; done

    for ((number = 0; number < 6; number++)); do
        wait_until 60 mocks "port $((MOCKS_PORT + number)) was ready" answers "http://$ADDRESS:$((MOCKS_PORT + number))/ready"
    done
    wait_until 60 api "it was ready" answers "http://$ADDRESS:$API_PORT/ready"
    for ((number = 1; number <= ENGINES; number++)); do
        name=engine-$number
        wait_until 60 "$name" "it was ready" answers "http://$ADDRESS:$((OPS_PORT + number - 1))/ready"
    done
    export SAGAFLOW_URL="http://$ADDRESS:$API_PORT"
    export SAGAFLOW_MOCKS_URL="http://$ADDRESS" SAGAFLOW_MOCKS_PORT=$MOCKS_PORT
    local seed=("$BIN/saga" seed --mocks-url "http://$ADDRESS" --mocks-port "$MOCKS_PORT" --workflows "$ROOT/mocks/workflows")
    [[ -z ${FORMER_MOCKS_PORT:-} ]] || seed+=(--former-mocks-port "$FORMER_MOCKS_PORT")
    SAGAFLOW_ADMIN_TOKEN=$ADMIN_TOKEN run_child "${seed[@]}"
}
