# shellcheck shell=bash
# What scripts/up knows of a system that is up: where it listens, and how many engines it has. Needs common.sh, stack.sh and
# STATE.

# save_stack: for the next scripts/up.
save_stack() {
    (
        umask 077
        local name
        for name in PG_PORT REDIS_PORT API_PORT MOCKS_PORT OPS_PORT ENGINES ADMIN_TOKEN; do
            printf '%s=%q\n' "$name" "${!name}"
        done >"$STATE/stack"
    )
}

# load_stack: the ports of the system that is up go before those in the environment; how many engines there are to be stays.
load_stack() {
    local wanted=$ENGINES
    [[ -s $STATE/stack ]] || die "it is not known where it listens: scripts/down, then scripts/up"
    # shellcheck disable=SC1091 # made by save_stack
    source "$STATE/stack"
    FORMER_ENGINES=$ENGINES
    ENGINES=$wanted
    POSTGRES_URL="postgres://postgres@127.0.0.1:$PG_PORT/postgres"
    REDIS_URL="redis://127.0.0.1:$REDIS_PORT"
    # shellcheck disable=SC2034 # for start_engine
    DATABASE_URL=${POSTGRES_URL%/*}/sagaflow
}

# Where the demo participants were when this database was used last.
former_mocks_port() { sed -n 's/^MOCKS_PORT=\([0-9]*\)$/\1/p' "$STATE/stack" 2>/dev/null || true; }

# adjust_engines: afterwards engines 1 to ENGINES run, and no others.
adjust_engines() {
    local number started=()
    for ((number = 1; number <= ENGINES; number++)); do
        ! is_running "engine-$number" || continue
        rm -f "$STATE/pids"/*-"engine-$number"
        require_port $((OPS_PORT + number - 1)) "engine $number"
        start_engine "$number"
        started+=("$number")
    done
    for number in ${started[@]+"${started[@]}"}; do
        wait_until 60 "engine-$number" "it was ready" answers "http://$ADDRESS:$((OPS_PORT + number - 1))/ready"
        good "engine $number is started"
    done
    for ((number = ENGINES + 1; number <= FORMER_ENGINES; number++)); do
        stop_process "engine-$number"
        good "engine $number is stopped"
    done
}

# show_stack: where everything is, and what to type next; as it has to be typed for these ports and this state.
show_stack() {
    local client='' down=''
    if [[ $API_PORT != 3000 ]]; then client+="SAGAFLOW_URL=http://$ADDRESS:$API_PORT "; fi
    local demo=$client
    if [[ $MOCKS_PORT != 3001 ]]; then demo+="SAGAFLOW_MOCKS_PORT=$MOCKS_PORT "; fi
    if [[ $STATE != "$ROOT/.sagaflow" ]]; then down="SAGAFLOW_STATE=$(printf %q "$STATE") "; fi
    # Short where it is right.
    local here=$ROOT/
    [[ $PWD != "$ROOT" ]] || here=''
    local last=$((OPS_PORT + ENGINES - 1)) engines="http://$ADDRESS:$OPS_PORT/ready"
    if ((ENGINES > 1)); then engines+=" ... $last"; fi
    heading "sagaflow is up"
    cat <<TEXT
API            http://$ADDRESS:$API_PORT          admin token: $ADMIN_TOKEN
engines        $engines    ($ENGINES)
participants   http://$ADDRESS:$MOCKS_PORT ... $((MOCKS_PORT + 5))
Postgres       ${POSTGRES_URL%/*}/sagaflow
Redis          $REDIS_URL
logs           $STATE/logs

Try            ${demo}bash ${here}scripts/demo-order-success.sh
               ${demo}bash ${here}scripts/demo-order-fail-compensate.sh
               ${client}$here${BIN#"$ROOT/"}/saga simulate
More engines   ${down}${here}scripts/up --engines $((ENGINES + 1))
Stop           ${down}${here}scripts/down
TEXT
}
