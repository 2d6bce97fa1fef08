# shellcheck shell=bash
# What the demos do after they have started a run, and how they start one.

export SAGAFLOW_URL=${SAGAFLOW_URL:-http://127.0.0.1:3000}
SAGAFLOW_MOCKS_URL=${SAGAFLOW_MOCKS_URL:-http://127.0.0.1}
SAGAFLOW_MOCKS_PORT=${SAGAFLOW_MOCKS_PORT:-3001}

# start_order INPUT: starts an order-processing run and prints its id.
start_order() { start_run order-processing "$1"; }

# start_run WORKFLOW INPUT: starts a run and prints its id.
start_run() {
    curl -fsS --max-time 10 "$SAGAFLOW_URL/v1/workflows/$1/start" \
        -H 'content-type: application/json' -H "Idempotency-Key: $(openssl rand -hex 16)" \
        -d "{\"input\": $2}" | jq -er .runId
}

# saga ARGUMENT...: the program that was built here, or the one that is installed.
saga() {
    local saga=$ROOT/.build/${SAGAFLOW_BUILD:-debug}/saga
    if [[ -x $saga ]]; then "$saga" "$@"; else command saga "$@"; fi
}

# await_wait KIND RUN_ID: asks until the run waits for something of this kind, for a minute at the most.
await_wait() {
    local kind deadline=$((SECONDS + 60))
    while true; do
        kind=$(curl -fsS --max-time 10 "$SAGAFLOW_URL/v1/runs/$2" | jq -r '.run.waitingFor.kind // .run.status')
        [[ $kind != "$1" ]] || return 0
        ((SECONDS < deadline)) || die "run $2 is still $kind after a minute"
        sleep 0.1
    done
}

# await_end RUN_ID: asks until the run is over, for a minute at the most, and prints its status.
await_end() {
    local status deadline=$((SECONDS + 60))
    while true; do
        status=$(curl -fsS --max-time 10 "$SAGAFLOW_URL/v1/runs/$1" | jq -er .run.status)
        case $status in
        COMPLETED | COMPENSATED | CANCELLED | FAILED)
            echo "$status"
            return
            ;;
        esac
        ((SECONDS < deadline)) || die "run $1 is still $status after a minute"
        sleep 0.1
    done
}

# show_history RUN_ID
show_history() { saga run events "$1"; }

# ledger PORT_OFFSET RUN_ID: what one participant has really done and undone for a run, as lines "TIME PATH", in order. Calls that
# were repeated or refused are in its ledger too, with an effect of 0, and are left out.
ledger() {
    curl -fsS --max-time 10 "$SAGAFLOW_MOCKS_URL:$((SAGAFLOW_MOCKS_PORT + $1))/ledger?runId=$2" |
        jq -er --arg run "$2" '.entries[] | select(.runId == $run and .effect != 0) | "\(.at) \(.path)"'
}

# expect WHAT EXPECTED ACTUAL
expect() {
    [[ $2 == "$3" ]] || die "$1: expected ${2//$'\n'/, }, found ${3//$'\n'/, }"
    good "$1: ${2//$'\n'/, }"
}
