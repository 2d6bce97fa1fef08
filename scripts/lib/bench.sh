# shellcheck shell=bash
# What scripts/bench is made of: the measured system, and how it is asked and told. The phases are in bench-phases.sh,
# bench-floor.sh and bench-history.sh, the table in bench-report.jq. Needs common.sh, stack.sh, STATE and BIN.

# The settings Postgres is measured with, beyond its defaults. Durable: fsync and synchronous_commit stay on.
BENCH_POSTGRES=(shared_buffers=512MB max_wal_size=4GB)
# shellcheck disable=SC2034 # for the takeover's phase
TAKEOVER_LEASE=5
# No measurement may take longer than this many seconds; the measuring programs give up much earlier by themselves.
PHASE_SECONDS=900

# How much of everything, where no option says it.
# shellcheck disable=SC2034 # for the phases
set_sizes() {
    if [[ -n $QUICK ]]; then
        : "${RUNS:=6000}" "${REPEAT:=1}" "${HISTORY:=200000}" "${SNAPSHOT_SECONDS:=20}"
        LATENCY_SECONDS=4 SWEEP_SECONDS=4 HELD_RUNS=1000 BURST_STARTS=4000 BURST_CONNECTIONS=1000 BURST_ROUNDS=2
    else
        : "${RUNS:=60000}" "${REPEAT:=3}" "${HISTORY:=10000000}" "${SNAPSHOT_SECONDS:=600}"
        LATENCY_SECONDS=20 SWEEP_SECONDS=15 HELD_RUNS=5000 BURST_STARTS=20000 BURST_CONNECTIONS=5000 BURST_ROUNDS=3
    fi
}

# Measured as it runs in production: JSON logs at info, and one trace in a hundred exported (to the participant, which
# answers everything at once).
telemetry() {
    echo LOG_LEVEL=info LOG_FORMAT=json OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:$PARTICIPANT_PORT" \
        OTEL_TRACES_SAMPLER=parentbased_traceidratio OTEL_TRACES_SAMPLER_ARG=0.01
}

bench() { timeout --foreground "$PHASE_SECONDS" "$BIN/sagaflow-bench" "$@"; }

# Where the system is, for the programs that measure it.
bench_system() {
    local command=$1
    shift
    bench "$command" --port "$API_PORT" --database-url "$DATABASE_URL" "$@"
}

# Only what is measured, and what measures; sets BIN. SAGAFLOW_BIN names a folder with programs built before.
build_for_bench() {
    local product
    BIN=${SAGAFLOW_BIN:-}
    [[ -z $BIN ]] || return 0
    heading "Building for release"
    mkdir -p "$STATE/logs"
    for product in sagaflow-api sagaflow-engine saga sagaflow-bench; do
        run_child swift build --package-path "$ROOT" -c release "${RELEASE_FLAGS[@]}" --product "$product" \
            >"$STATE/logs/build.log" 2>&1 ||
            fail_with_log build "$product could not be built"
    done
    BIN=$(swift build --package-path "$ROOT" -c release --show-bin-path)
}

# Figures are for two cores, Postgres and everything that measures included: what is started from here on gets the first
# two that this script has. Thousands of connections need as many files.
limit_to_two_cores() {
    local cores
    cores=$(taskset -pc $$ | sed 's/.*: //' | tr ',' '\n' |
        awk -F- '{ for (i = $1; i <= ($2 == "" ? $1 : $2); i++) print i }' | head -n 2 | paste -sd ,)
    taskset -pc "$cores" $$ >/dev/null
    ulimit -Sn "$(ulimit -Hn)"
}

# enough_files COUNT: whether a process may have so many connections.
enough_files() { [[ $(ulimit -n) == unlimited ]] || (($(ulimit -n) >= $1 + 1000)); }

# A cluster with the settings above, which start_postgres then finds and starts.
prepare_cluster() {
    local bin folder setting
    bin=$(postgres_bin) || die "Postgres is not installed"
    mkdir -p "$STATE/logs"
    folder=$(postgres_folder)
    [[ $(stat -f -c %T "$folder") != tmpfs ]] || die "$folder is in memory; set TMPDIR to a folder on a disk"
    as_postgres "$bin/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C \
        >"$STATE/logs/initdb.log" 2>&1 || fail_with_log initdb "initdb failed"
    for setting in "${BENCH_POSTGRES[@]}"; do echo "$setting"; done |
        as_postgres tee -a "$folder/data/postgresql.conf" >/dev/null
}

# One line about what is measured on.
describe_machine() {
    local bin folder cpu memory postgres fsync
    bin=$(postgres_bin)
    folder=$(postgres_folder)
    cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
    memory=$(awk '/^MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo)
    # Several lines of the form "fdatasync  1234.5 ops/sec  810 usecs/op"; fdatasync is what Postgres uses on Linux.
    fsync=$(as_postgres "$bin/pg_test_fsync" -s 1 -f "$folder/fsync-probe" 2>/dev/null |
        awk '$1 == "fdatasync" && !found { print $(NF - 1) " µs"; found = 1 }')
    as_postgres rm -f "$folder/fsync-probe"
    postgres=$("$bin/postgres" --version | cut -d ' ' -f 3)
    echo "${cpu:-unknown CPU}, $(nproc) of $(nproc --all) cores, $memory, Postgres $postgres, fdatasync ${fsync:-unknown}"
}

# pid_of NAME: of a process started here.
pid_of() {
    local file pid rest
    for file in "$STATE/pids"/*-"$1"; do
        read -r pid rest <"$file"
        echo "$pid"
        return
    done
}

stop_named() {
    local file
    for file in "$STATE/pids"/*-"$1"; do
        [[ ! -e $file ]] || stop_file "$file"
    done
}

query() {
    PGOPTIONS='-c client_min_messages=warning' "$(postgres_bin)/psql" -XAtq -v ON_ERROR_STOP=1 "$1" -c "$2"
}

migrate() {
    run_child env DATABASE_URL="$1" "$BIN/saga" migrate up >"$STATE/logs/migrate.log" 2>&1 ||
        fail_with_log migrate "the migrations failed"
}

# start_engine NUMBER [FLAG...]
start_engine() {
    local number=$1 port
    port=$((OPS_PORT + number - 1))
    shift
    # shellcheck disable=SC2046 # a list of words
    start_process "engine-$number" env DATABASE_URL="$DATABASE_URL" OPS_HOST=127.0.0.1 OPS_PORT="$port" \
        PARTICIPANT_ALLOW=127.0.0.0/8 $(telemetry) "$BIN/sagaflow-engine" "$@"
    wait_until 60 "engine-$number" "it was ready" answers "http://127.0.0.1:$port/ready"
}

stop_engines() {
    local number
    for number in 1 2 3 4; do stop_named "engine-$number"; done
}

# The API and engines; what they leave in the database stays.
system_down() {
    stop_engines
    stop_named api
}

# system_up DATABASE: a new API on that database, which is made and migrated unless it is there, and no engine yet.
# Sets DATABASE_URL. The participant answers as it does without being told.
system_up() {
    system_down
    participant "mode?hold=$PARTICIPANT_LATENCY"
    DATABASE_URL=$(make_database "$1")
    migrate "$DATABASE_URL"
    # Half of the connections may come from one address, and all load does.
    # shellcheck disable=SC2046 # a list of words
    start_process api env DATABASE_URL="$DATABASE_URL" REDIS_URL="$REDIS_URL" ADMIN_TOKENS="bench:$ADMIN_TOKEN" \
        PARTICIPANT_ALLOW=127.0.0.0/8 CONNECTIONS=16000 HOST=127.0.0.1 PORT="$API_PORT" $(telemetry) "$BIN/sagaflow-api"
    wait_until 60 api "it was ready" answers "http://127.0.0.1:$API_PORT/ready"
    printf '{"url":"http://127.0.0.1:%s"}' "$PARTICIPANT_PORT" | admin PUT /v1/admin/participants/bench
    bench definition | admin POST /v1/admin/workflows
}

# Everything but engines, from nothing, on one database.
start_system() {
    start_redis "$REDIS_PORT"
    start_participant
    system_up sagaflow
}

start_participant() {
    start_process participant "$BIN/sagaflow-bench" participant --port "$PARTICIPANT_PORT"
    wait_until 15 participant "it listened" port_in_use "$PARTICIPANT_PORT"
}

measure_latency() { bench_system latency --seconds "${LATENCY_SECONDS:-20}"; }

# RUNS as fast as they are taken, by one engine.
measure_throughput() {
    bench_system load --runs "$RUNS" --process api="$(pid_of api)" --process engine="$(pid_of engine-1)" \
        --process postgres="$(pid_of postgres)" --process participant="$(pid_of participant)"
}

# system_gone DATABASE: stops it and removes its data, so that the next phase does not pay for it.
system_gone() {
    system_down
    query "$POSTGRES_URL" "drop database if exists \"$1\""
    query "$POSTGRES_URL" checkpoint
}

# admin METHOD PATH: sends the body on standard input.
admin() {
    curl -fsS --max-time 10 -o /dev/null -X "$1" "http://127.0.0.1:$API_PORT$2" -H 'content-type: application/json' \
        -H @<(printf 'X-Admin-Token: %s' "$ADMIN_TOKEN") --data-binary @- || die "$1 $2 was refused"
}

# participant PATH: tells the participant something; its counts are in PARTICIPANT_COUNTS then.
participant() {
    PARTICIPANT_COUNTS=$(curl -fsS --max-time 10 "http://127.0.0.1:$PARTICIPANT_PORT/$1") ||
        die "the participant does not understand $1"
}

# require_calls COUNT: that the participant got so many since it was reset, no call twice and none left out.
require_calls() {
    participant stats
    [[ $(jq .calls <<<"$PARTICIPANT_COUNTS") == "$1" ]] ||
        die "the participant got $(jq .calls <<<"$PARTICIPANT_COUNTS") calls, not $1"
}

# claim_counts ENGINES: what the engines tell of their claims, added up; null what they do not tell.
claim_counts() {
    local number
    for ((number = 0; number < $1; number++)); do
        curl -fsS --max-time 10 "http://127.0.0.1:$((OPS_PORT + number))/metrics"
    done | awk '
        { name = $1; sub(/\{.*/, "", name); if (name ~ /^outbox_claims_(empty_|collided_)?total$/) sum[name] += $NF; }
        END {
            split("total empty_total collided_total", parts, " ")
            split("claims empty collided", keys, " ")
            for (i = 1; i <= 3; i++) {
                name = "outbox_claims_" parts[i]
                printf "%s\"%s\":%s", i == 1 ? "{" : ",", keys[i], name in sum ? sprintf("%d", sum[name]) : "null"
            }
            print "}"
        }'
}

newest_engine() { query "$DATABASE_URL" 'select engine_id from engines order by started_at desc limit 1'; }

# What the processes had to say when a phase failed.
tell_failure() {
    local log
    complain "the measurement $PHASE failed"
    for log in "$STATE"/logs/{api,engine-*,participant,migrate,floor,seed*}.log; do
        [[ ! -s $log ]] || { note "${log##*/}:" && tail -n 5 "$log"; } >&2
    done
}
