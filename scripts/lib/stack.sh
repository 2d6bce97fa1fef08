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
export PARTICIPANT_ALLOW=${PARTICIPANT_ALLOW:-127.0.0.0/8,::1}

# What a release build is told besides: linked as in the image, with the Swift runtime inside. Ways to build mixed in one
# folder would each build everything anew.
RELEASE_FLAGS=(--static-swift-stdlib)

# build_products: with the configuration SAGAFLOW_BUILD (debug or release), and sets BIN.
build_products() {
    local configuration=${SAGAFLOW_BUILD:-debug} flags
    mapfile -t flags < <(coverage_flags)
    [[ $configuration != release ]] || flags+=("${RELEASE_FLAGS[@]}")
    run_child swift build --package-path "$ROOT" -c "$configuration" "${flags[@]}"
    BIN=$(swift build --package-path "$ROOT" -c "$configuration" --show-bin-path)
}

# answers URL
answers() { curl -fsS --max-time 2 -o /dev/null "$1"; }

# Migrates, starts everything, waits until each process says it is ready, and registers participants and workflows.
# ADMIN_TOKEN is the token of the admin named dev.
start_stack() {
    local number name
    start_postgres "$PG_PORT"
    start_redis "$REDIS_PORT"
    DATABASE_URL=$(make_database sagaflow)
    run_child env DATABASE_URL="$DATABASE_URL" "$BIN/saga" migrate up

    start_process mocks "$BIN/sagaflow-mocks" --database-url "$POSTGRES_URL" --host "$ADDRESS" --port-base "$MOCKS_PORT"
    start_process api env DATABASE_URL="$DATABASE_URL" REDIS_URL="$REDIS_URL" ADMIN_TOKENS="dev:$ADMIN_TOKEN" \
        HOST="$ADDRESS" PORT="$API_PORT" "$BIN/sagaflow-api"
    for ((number = 1; number <= ENGINES; number++)); do
        # shellcheck disable=SC2086 # SAGAFLOW_ENGINE_FLAGS is a list of words
        start_process "engine-$number" env DATABASE_URL="$DATABASE_URL" OPS_HOST="$ADDRESS" \
            OPS_PORT=$((OPS_PORT + number - 1)) "$BIN/sagaflow-engine" ${SAGAFLOW_ENGINE_FLAGS:-}
    done

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
    SAGAFLOW_ADMIN_TOKEN=$ADMIN_TOKEN run_child "$BIN/saga" seed --mocks-url "http://$ADDRESS" --mocks-port "$MOCKS_PORT" \
        --workflows "$ROOT/mocks/workflows"
}
