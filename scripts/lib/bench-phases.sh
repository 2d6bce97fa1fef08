# shellcheck shell=bash
# The phases of scripts/bench, but for the floor and the history. Each prints one JSON object; what it says to people goes
# to standard error. Needs bench.sh.

# Runs before a measurement that are not counted: connections, plans and caches are there then.
WARM_UP_RUNS=2000
# The engine settings of the phases that are about thousands of runs at once. More connections than runs: they are cut
# into shares, one for each event loop, and no share may be too small.
HELD_FLAGS=(--max-in-flight 5000)
OPEN_FLAGS=(--max-in-flight 5000 --participant-connections 10000)
TAKEOVER_LATENCY=50
# Connections of an engine to one participant when nothing is said; a takeover must keep to it.
ENGINE_CONNECTIONS=256

# measure_load RUNS ENGINES CALLS [FLAG...]: a closed loop; every run must have made exactly so many calls.
measure_load() {
    local runs=$1 engines=$2 calls=$3 number processes=()
    shift 3
    for ((number = 1; number <= engines; number++)); do
        processes+=(--process "engine-$number=$(pid_of "engine-$number")")
    done
    participant reset
    bench_system load --runs "$runs" --process api="$(pid_of api)" "${processes[@]}" \
        --process postgres="$(pid_of postgres)" --process participant="$(pid_of participant)" "$@" \
        >"$STATE/load.json"
    require_calls $((runs * calls))
    # All engines are one figure.
    jq -c '.cpu_us_per_saga |= (
        (with_entries(select(.key | startswith("engine-"))) | add) as $engine
        | {api, engine: $engine, postgres, participant, load, system: (.api + $engine + .postgres)})' "$STATE/load.json"
}

warm_up() { bench_system load --runs "$WARM_UP_RUNS" "$@" >/dev/null; }

# rounds FILE: the objects written there as an array.
rounds() { jq -cs '{rounds: .}' "$1"; }

# The database that the first phases share, with one engine on it.
main_system() {
    if [[ ${MAIN_IS_UP:-} != yes ]]; then
        system_up sagaflow
        start_engine 1
        warm_up
        MAIN_IS_UP=yes
    fi
}

main_system_gone() {
    [[ ${MAIN_IS_UP:-} == yes ]] || return 0
    system_gone sagaflow
    MAIN_IS_UP=''
}

phase_latency() {
    main_system
    measure_latency
}

phase_throughput() {
    local round
    main_system
    : >"$STATE/rounds"
    for ((round = 1; round <= REPEAT; round++)); do
        query "$POSTGRES_URL" checkpoint
        # shellcheck disable=SC2153 # an option of scripts/bench
        measure_load "$RUNS" 1 3 >>"$STATE/rounds"
    done
    rounds "$STATE/rounds"
}

# The median of what a phase measured; of a closed loop made for it when that phase was left out.
measured_throughput() {
    if [[ $(jq '.throughput != null' "$STATE/results.json") != true ]]; then
        measure_load "$RUNS" 1 3 >"$STATE/rounds"
        jq .sagas_per_second "$STATE/rounds"
    else
        jq '[.throughput.rounds[].sagas_per_second] | sort | .[length / 2 | floor]' "$STATE/results.json"
    fi
}

phase_sweep() {
    local base share rate
    main_system
    base=$(measured_throughput)
    : >"$STATE/sweep"
    for share in 0.5 1 2; do
        query "$POSTGRES_URL" checkpoint
        rate=$(jq -n "$base * $share")
        bench_system offer --rate "$rate" --seconds "$SWEEP_SECONDS" |
            jq -c ".share = $share" >>"$STATE/sweep"
    done
    jq -cs --argjson base "$base" '{base_per_second: $base, offers: .}' "$STATE/sweep"
}

# The third step is refused: three calls, and two compensations.
phase_compensated() {
    local round
    main_system
    participant "mode?hold=$PARTICIPANT_LATENCY&reject=yes"
    warm_up --end COMPENSATED
    : >"$STATE/rounds"
    for ((round = 1; round <= REPEAT; round++)); do
        query "$POSTGRES_URL" checkpoint
        measure_load $((RUNS / 2)) 1 5 --end COMPENSATED >>"$STATE/rounds"
    done
    participant "mode?hold=$PARTICIPANT_LATENCY"
    rounds "$STATE/rounds"
}

# Alternately, so that neither has the better moments of the machine.
phase_scaling() {
    local round count number before
    main_system_gone
    system_up scaling
    : >"$STATE/rounds"
    for ((round = 1; round <= REPEAT; round++)); do
        for count in 1 4; do
            stop_engines
            for ((number = 1; number <= count; number++)); do start_engine "$number"; done
            warm_up
            query "$POSTGRES_URL" checkpoint
            before=$(claim_counts "$count")
            measure_load $((RUNS / 2)) "$count" 3 >"$STATE/round"
            jq -c --argjson engines "$count" --argjson before "$before" --argjson after "$(claim_counts "$count")" '
                .engines = $engines
                | .claims = ($after | with_entries(.key as $key
                    | .value = if .value == null then null else .value - ($before[$key] // 0) end))' "$STATE/round" >>"$STATE/rounds"
        done
    done
    system_gone scaling
    rounds "$STATE/rounds"
}

# Two engines, one after the other: what the first needed for its calls must not hide what the second keeps.
phase_memory() {
    main_system_gone
    if ! enough_files "$HELD_RUNS"; then
        not_measured "a process may open $(ulimit -n) files here, too few for $HELD_RUNS connections"
        return
    fi
    system_up memory
    start_engine 1 "${OPEN_FLAGS[@]}"
    bench_system in-flight --participant-port "$PARTICIPANT_PORT" --engine engine="$(pid_of engine-1)" \
        --runs "$HELD_RUNS" >"$STATE/in-flight.json"
    stop_engines
    start_engine 1 "${HELD_FLAGS[@]}"
    bench_system waiting --participant-port "$PARTICIPANT_PORT" --engine engine="$(pid_of engine-1)" \
        --runs "$HELD_RUNS" >"$STATE/waiting.json"
    system_gone memory
    jq -cn --slurpfile in_flight "$STATE/in-flight.json" --slurpfile waiting "$STATE/waiting.json" \
        '{in_flight: $in_flight[0], waiting: $waiting[0]}'
}

# The engine that will be killed is alone until it holds all runs; its successor stands by.
phase_takeover() {
    local victim since
    main_system_gone
    system_up takeover
    start_engine 1 --lease "${TAKEOVER_LEASE}s" "${HELD_FLAGS[@]}"
    victim=$(newest_engine)=$(pid_of engine-1)
    since=$(bench_system hold --participant-port "$PARTICIPANT_PORT" --engine "$victim" --runs "$HELD_RUNS" | jq .since)
    start_engine 2 --lease "${TAKEOVER_LEASE}s" "${HELD_FLAGS[@]}"
    [[ $(newest_engine) != "${victim%=*}" ]] || die "the second engine has not registered itself"
    bench_system takeover --participant-port "$PARTICIPANT_PORT" --engine "$victim" --runs "$HELD_RUNS" \
        --since "$since" --lease "$TAKEOVER_LEASE" --latency "$TAKEOVER_LATENCY" |
        jq -c ".engine_connections = $ENGINE_CONNECTIONS"
    system_gone takeover
}

phase_burst() {
    main_system_gone
    if ! enough_files "$BURST_CONNECTIONS"; then
        not_measured "a process may open $(ulimit -n) files here, too few for $BURST_CONNECTIONS connections"
        return
    fi
    system_up burst
    start_engine 1
    warm_up
    bench_system burst --api api="$(pid_of api)" --starts "$BURST_STARTS" --connections "$BURST_CONNECTIONS" \
        --rounds "$BURST_ROUNDS"
    system_gone burst
}

phase_snapshot() {
    # shellcheck disable=SC2034 # for bench
    local PHASE_SECONDS=$((SNAPSHOT_SECONDS + 1200))
    main_system_gone
    system_up snapshot
    start_engine 1
    warm_up
    bench_system snapshot --runs $((RUNS / 2)) --rounds "$REPEAT" --seconds "$SNAPSHOT_SECONDS" \
        --process api="$(pid_of api)" --process engine="$(pid_of engine-1)" --process postgres="$(pid_of postgres)" \
        --process participant="$(pid_of participant)"
    system_gone snapshot
}

# not_measured REASON: the row's figure, in place of one.
not_measured() {
    complain "not measured: $1"
    jq -cn --arg reason "$1" '{not_measured: $reason}'
}
