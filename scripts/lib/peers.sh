# shellcheck shell=bash
# What scripts/bench-peers adds to bench.sh: DBOS Transact under the same workload, the settings that are tried for it,
# rounds that alternate, the table. Needs common.sh, stack.sh, bench.sh, and STATE.

PEER=$ROOT/bench/peers/dbos
# What is tried, stage by stage: the best so far is where the next one starts. The first is how workflows get going and
# with which kind of code; docs/peers.md explains them all.
PEER_STAGES=(
    'shape=start shape=call shape=threads shape=queue,polling=0.05 shape=queue,polling=0.01'
    'pre_ping=false'
    'processes=1 processes=3 processes=4'
    'concurrency=8 concurrency=16 concurrency=64'
    'pool=10 pool=40'
    'uvloop=true'
)
# What the first stage starts from; all else is DBOS's default.
PEER_FIRST='processes=2,concurrency=32'
# Fills connections, plans and caches of the API and a new engine; not counted. The peer does as much by itself.
SAGAFLOW_WARM_UP=400

peers_install() {
    python_for_tests >/dev/null || install_quietly python3-venv
    heading "Installing DBOS Transact"
    PEER_PYTHON=$(venv_install dbos "$PEER/requirements.txt") || die "DBOS Transact could not be installed"
}

# peer COMMAND...: what bench/peers/dbos/driver.py prints for it, in RESULT. Never in a subshell, so that a signal to
# the script ends it and its workers.
peer() {
    run_child timeout --foreground "$PHASE_SECONDS" "$PEER_PYTHON" "$PEER/driver.py" "$@" \
        >"$STATE/result.json" 2>"$STATE/logs/peer.log" || fail_with_log peer "the peer could not be measured: $*"
    RESULT=$(cat "$STATE/result.json")
}

# peer_load DATABASE RUNS SETTINGS
peer_load() {
    peer load --database-url "$(make_database "$1")" --participant-port "$PARTICIPANT_PORT" \
        --runs "$2" --settings "$3" \
        --process postgres="$(pid_of postgres)" --process participant="$(pid_of participant)"
}

# peer_latency SETTINGS
peer_latency() {
    drop_database peer_latency
    peer latency --database-url "$(make_database peer_latency)" --participant-port "$PARTICIPANT_PORT" --settings "$1"
}

drop_database() { PGOPTIONS='-c client_min_messages=warning' query "$POSTGRES_URL" "drop database if exists $1"; }

# append FILE: adds RESULT to a file of one JSON object a line.
append() { jq -c . <<<"$RESULT" >>"$STATE/$1"; }

# Tries the stages, each setting in a fresh database, and sets BEST. What was tried goes to STATE/tried. A stage measures
# what it starts from again: other programs on the machine may have come or gone since the last one.
peer_tune() {
    local stage candidate best_rate
    BEST=$PEER_FIRST
    for stage in "${PEER_STAGES[@]}"; do
        local base=$BEST again=()
        [[ $base == "$PEER_FIRST" ]] || again=("$base")
        best_rate=0
        for candidate in "${again[@]}" $stage; do
            # Threads have no event loop.
            [[ $candidate != uvloop=* || $base != *shape=threads* ]] || continue
            drop_database peer_tuning
            peer_load peer_tuning "$TUNE_RUNS" "$base,$candidate"
            append tried
            jq -r '"  \(.workflows_per_second | round)/s  \(.cpu_us_per_workflow.workers | round) µs in workers  "
                + .settings' <<<"$RESULT"
            if jq -e ".workflows_per_second > $best_rate" <<<"$RESULT" >/dev/null; then
                best_rate=$(jq .workflows_per_second <<<"$RESULT")
                BEST=$(jq -r .settings <<<"$RESULT")
            fi
        done
    done
    drop_database peer_tuning
}

# settle DATABASE: what a round left to do in the background is done now, and not at the other system's expense.
settle() {
    query "${POSTGRES_URL%/*}/$1" 'vacuum (analyze)'
    query "$POSTGRES_URL" 'checkpoint'
}

# The number of calls the participant has counted.
calls_answered() {
    participant stats
    jq .answered <<<"$PARTICIPANT_COUNTS"
}

# sagaflow_round RUNS: by bench.sh's own means, with an engine that ends afterwards, so that it costs the peer nothing.
sagaflow_round() {
    local before after
    start_engine 1
    RUNS=$SAGAFLOW_WARM_UP sagaflow_load
    before=$(calls_answered)
    RUNS=$1 sagaflow_load
    after=$(calls_answered)
    ((after - before == 3 * $1)) || die "the participant answered $((after - before)) calls, not $((3 * $1))"
    stop_named engine-1
}

sagaflow_load() { sagaflow_measure measure_throughput; }

sagaflow_measure() {
    run_child "$1" >"$STATE/result.json" || fail_with_log engine-1 "sagaflow could not be measured"
    RESULT=$(cat "$STATE/result.json")
}

# All that was measured, from STATE's files of one JSON object a line, as one.
peers_json() {
    jq -n --arg machine "$MACHINE" --argjson versions "$VERSIONS" \
        --slurpfile sagaflow "$STATE/sagaflow" --slurpfile peer "$STATE/peer" --slurpfile tried "$STATE/tried" \
        --slurpfile sagaflow_latency "$STATE/sagaflow-latency" --slurpfile peer_latency "$STATE/peer-latency" '
        def median: sort | (.[(length - 1) / 2 | floor] + .[length / 2 | floor]) / 2;
        def medians: . as $all | (map(keys) | add | unique) | map({(.): ([$all[][.]] | median)}) | add;
        def system(rounds; rate; cpu; latency): {
            per_second: (rounds | map(rate) | median), by_round: (rounds | map(rate)), runs: rounds[0].runs,
            cpu_us: (rounds | map(cpu) | medians), latency: latency };
        {
            machine: $machine, versions: $versions,
            sagaflow: system($sagaflow; .sagas_per_second; .cpu_us_per_saga; $sagaflow_latency),
            dbos: (system($peer; .workflows_per_second; .cpu_us_per_workflow; $peer_latency)
                + {settings: $peer[0].settings, calls_counted: $peer[0].calls_counted, tried: $tried})
        }
        | (.sagaflow.cpu_us | .api + .engine + .postgres + .load) as $here
        | (.dbos.cpu_us | .workers + .driver + .postgres) as $there
        | .sagaflow.cpu_us_total = $here | .dbos.cpu_us_total = $there
        | .ratio = .sagaflow.per_second / .dbos.per_second
        | .cpu_ratio = $there / $here'
}

# The table, from the same object on standard input.
peers_report() {
    jq -r '
        def places(n): (. * pow(10; n) | round) as $v
            | if n == 0 then "\($v)" else "\($v / pow(10; n) | floor).\("00\($v % pow(10; n))"[-n:])" end;
        def row(name; value): "  " + (name + " " * 34)[:34] + value;
        def listed: to_entries | map("\(.key) \(.value | places(0))") | join(", ");
        def rounds: map(places(0)) | join(", ");
        def both: "\(.p50 | places(2)) / \(.p99 | places(2)) ms";
        row("versions"; .versions | to_entries | map("\(.key) \(.value)") | join(", ")),
        row("sagaflow"; "\(.sagaflow.per_second | places(0)) sagas/s"),
        row(""; "median of \(.sagaflow.by_round | rounds); \(.sagaflow.runs) runs each"),
        row("DBOS Transact"; "\(.dbos.per_second | places(0)) workflows/s"),
        row(""; "median of \(.dbos.by_round | rounds); \(.dbos.runs) runs each"),
        row("  settings, \(.dbos.tried | length) were tried"; .dbos.settings),
        row("ratio"; .ratio | places(1)),
        row("CPU, µs per saga"; "\(.sagaflow.cpu_us_total | places(0)) without the participant"),
        row(""; .sagaflow.cpu_us | listed),
        row("CPU, µs per workflow"; "\(.dbos.cpu_us_total | places(0)) without the participant"),
        row(""; .dbos.cpu_us | listed),
        row("ratio of CPU"; .cpu_ratio | places(1)),
        (.sagaflow.latency[] | row("sagaflow: POST to 202, p50 / p99"; .accept_ms | both),
            row("sagaflow: POST to terminal"; .finish_ms | both)),
        (.dbos.latency[] | (.settings | capture("shape=(?<shape>[a-z]+)").shape) as $shape
            | row("DBOS \($shape): start to durable"; .accept_ms | both),
              row("DBOS \($shape): start to SUCCESS"; .finish_ms | both))'
}
