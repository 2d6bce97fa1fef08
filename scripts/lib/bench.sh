# shellcheck shell=bash
# What scripts/bench is made of: the measured system, the phases, the table. Needs common.sh, stack.sh, STATE and BIN.

# The settings Postgres is measured with, beyond its defaults. Durable: fsync and synchronous_commit stay on.
BENCH_POSTGRES=(shared_buffers=512MB max_wal_size=4GB)
# What the engine's own connections set, so that the floor is measured with the same plans.
FLOOR_OPTIONS='-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_mergejoin=off -c enable_hashjoin=off -c jit=off'
# Runs in one statement, and numbers of pgbench clients of which the best counts.
FLOOR_BATCH=200
FLOOR_CLIENTS=(1 2 4)
TAKEOVER_LEASE=5
# No phase may take longer than this many seconds; the measuring programs give up much earlier by themselves.
PHASE_SECONDS=900

# Measured as it runs in production: JSON logs at info, and one trace in a hundred exported (to the participant, which answers
# everything at once).
telemetry() {
    echo LOG_LEVEL=info LOG_FORMAT=json OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:$PARTICIPANT_PORT" \
        OTEL_TRACES_SAMPLER=parentbased_traceidratio OTEL_TRACES_SAMPLER_ARG=0.01
}

bench() { timeout --foreground "$PHASE_SECONDS" "$BIN/sagaflow-bench" "$@"; }

# Only what is measured, and what measures; sets BIN. SAGAFLOW_BIN names a folder with programs built before.
build_for_bench() {
    local product
    BIN=${SAGAFLOW_BIN:-}
    [[ -z $BIN ]] || return 0
    heading "Building for release"
    mkdir -p "$STATE/logs"
    for product in sagaflow-api sagaflow-engine saga sagaflow-bench; do
        run_child swift build --package-path "$ROOT" -c release --product "$product" >"$STATE/logs/build.log" 2>&1 ||
            fail_with_log build "$product could not be built"
    done
    BIN=$(swift build --package-path "$ROOT" -c release --show-bin-path)
}

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
    echo "${cpu:-unknown CPU}, $(nproc) cores, $memory, Postgres $postgres, fdatasync ${fsync:-unknown}"
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

# start_participant LATENCY_MS: the old one, if any, is stopped first, so that the address stays the same.
start_participant() {
    stop_named participant
    start_process participant "$BIN/sagaflow-bench" participant --port "$PARTICIPANT_PORT" --latency "$1"
    wait_until 15 participant "it listened" port_in_use "$PARTICIPANT_PORT"
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

stop_named() {
    local file
    for file in "$STATE/pids"/*-"$1"; do
        [[ ! -e $file ]] || stop_file "$file"
    done
}

# Everything but the engines.
start_system() {
    start_redis "$REDIS_PORT"
    DATABASE_URL=$(make_database sagaflow)
    run_child env DATABASE_URL="$DATABASE_URL" "$BIN/saga" migrate up >"$STATE/logs/migrate.log" 2>&1 ||
        fail_with_log migrate "the migrations failed"
    # shellcheck disable=SC2046 # a list of words
    start_process api env DATABASE_URL="$DATABASE_URL" REDIS_URL="$REDIS_URL" ADMIN_TOKENS="bench:$ADMIN_TOKEN" \
        PARTICIPANT_ALLOW=127.0.0.0/8 HOST=127.0.0.1 PORT="$API_PORT" $(telemetry) "$BIN/sagaflow-api"
    start_participant "$PARTICIPANT_LATENCY"
    wait_until 60 api "it was ready" answers "http://127.0.0.1:$API_PORT/ready"
    printf '{"url":"http://127.0.0.1:%s"}' "$PARTICIPANT_PORT" | admin PUT /v1/admin/participants/bench
    bench definition | admin POST /v1/admin/workflows
}

# admin METHOD PATH: sends the body on standard input.
admin() {
    curl -fsS --max-time 10 -o /dev/null -X "$1" "http://127.0.0.1:$API_PORT$2" -H 'content-type: application/json' \
        -H @<(printf 'X-Admin-Token: %s' "$ADMIN_TOKEN") --data-binary @- || die "$1 $2 was refused"
}

query() { "$(postgres_bin)/psql" -XAtq "$1" -c "$2"; }

measure_latency() { bench latency --port "$API_PORT" --database-url "$DATABASE_URL"; }

measure_throughput() {
    bench load --port "$API_PORT" --database-url "$DATABASE_URL" --runs "$RUNS" \
        --process api="$(pid_of api)" --process engine="$(pid_of engine-1)" --process postgres="$(pid_of postgres)" \
        --process participant="$(pid_of participant)"
}

# Two engines; the busier one is killed.
measure_takeover() {
    local number id engines=()
    stop_named engine-1
    start_participant "$TAKEOVER_LATENCY"
    for number in 1 2; do
        start_engine "$number" --lease "${TAKEOVER_LEASE}s"
        id=$(newest_engine)
        [[ " ${engines[*]} " != *"$id"* ]] || die "engine $number has not registered itself"
        engines+=(--engine "$id=$(pid_of "engine-$number")")
    done
    bench takeover --port "$API_PORT" --database-url "$DATABASE_URL" --lease "$TAKEOVER_LEASE" "${engines[@]}"
}

newest_engine() { query "$DATABASE_URL" 'select engine_id from engines order by started_at desc limit 1'; }

# Sagas a second of Postgres alone, by number of clients, each in a fresh database; and the time of each statement with
# one client.
measure_floor() {
    local clients url count seconds statements='{}' results=()
    for clients in "${FLOOR_CLIENTS[@]}"; do
        url=$(make_database "floor_$clients")
        env DATABASE_URL="$url" "$BIN/saga" migrate up >"$STATE/logs/migrate.log" 2>&1 ||
            fail_with_log migrate "the migrations failed"
        bench floor-script --database-url "$url" --batch "$FLOOR_BATCH" >"$STATE/floor.sql" ||
            die "the floor's script could not be written"
        PGOPTIONS=$FLOOR_OPTIONS timeout --foreground "$PHASE_SECONDS" "$(postgres_bin)/pgbench" \
            -n -r -M simple -D prepared=0 -f "$STATE/floor.sql" -c "$clients" -j "$clients" \
            -t $(((RUNS + FLOOR_BATCH * clients - 1) / (FLOOR_BATCH * clients))) "$url" \
            >"$STATE/logs/floor.log" 2>&1 || fail_with_log floor "pgbench failed"
        read -r count seconds < <(query "$url" "select count(*) filter (where status = 'COMPLETED'),
            extract(epoch from max(completed_at) - min(created_at)) from workflow_runs" | tr '|' ' ')
        # A claim may return a little less than a batch when clients collide; more is a sign that the script is broken.
        ((count * 10 >= RUNS * 9)) || die "the floor completed only $count of $RUNS runs"
        results+=("$(jq -cn --arg clients "$clients" --argjson count "$count" --argjson seconds "$seconds" \
            '{clients: ($clients | tonumber), sagas_per_second: ($count / $seconds)}')")
        [[ $clients != 1 ]] || statements=$(floor_statements)
        query "$POSTGRES_URL" "drop database \"floor_$clients\""
    done
    printf '%s\n' "${results[@]}" | jq -cs --argjson statements "$statements" \
        '{sagas_per_second: (map(.sagas_per_second) | max), by_clients: ., us_per_saga: $statements}'
}

# From pgbench's report: microseconds per saga of each statement, fsync included.
floor_statements() {
    awk -v batch="$FLOOR_BATCH" '
        /^ +[0-9.]+ .*EXECUTE start_runs/ { start = $1 }
        /^ +[0-9.]+ .*floor_claim/ { claim = $1 }
        /^ +[0-9.]+ .*EXECUTE commit_decisions/ { commit[++n] = $1 }
        END {
            printf "{\"start\":%.1f,\"claim\":%.1f", start * 1000 / batch, claim * 1000 / batch
            for (i = 1; i <= n; i++) printf ",\"commit %d\":%.1f", i, commit[i] * 1000 / batch
            print "}"
        }' "$STATE/logs/floor.log"
}

# Reads the phases' results from STATE/results.json and prints the table.
print_report() {
    jq -r --arg lease "$TAKEOVER_LEASE" '
        # A number with n decimals, which jq by itself does not keep.
        def places(n): (. * pow(10; n) | round) as $v
            | if n == 0 then "\($v)" else "\($v / pow(10; n) | floor).\("00\($v % pow(10; n))"[-n:])" end;
        def row(name; value): "  " + (name + " " * 34)[:34] + value;
        def both: "\(.p50 | places(2)) / \(.p99 | places(2)) ms";
        def listed(f): to_entries | map("\(.key) \(.value | f)") | join(", ");

        (.load // empty |
            row("throughput"; "\(.sagas_per_second | places(0)) sagas/s"),
            row(""; "\(.runs) runs in \(.seconds | places(2)) s, accepted \(.starts_per_second | places(0))/s, "
                + "\(.refusals) × 503")),
        (.floor // empty |
            row("floor: pgbench, best"; "\(.sagas_per_second | places(0)) sagas/s"),
            row(""; .by_clients | map("\(.clients) client(s) \(.sagas_per_second | places(0))") | join(", ")),
            row("  µs per saga, one client"; .us_per_saga | listed(places(0)))),
        (select(.load and .floor) |
            row("ratio throughput / floor"; .load.sagas_per_second / .floor.sagas_per_second | places(2))),
        (.load // empty | .cpu_us_per_saga |
            row("CPU, µs per saga"; listed(places(0))),
            row("  API + engine + Postgres"; .api + .engine + .postgres | places(0))),
        (.latency // empty |
            row("POST to 202, p50 / p99"; "\(.accept_ms | both)   (\(.runs) runs, 10/s)"),
            row("POST to run terminal, p50 / p99"; .finish_ms | both)),
        (.takeover // empty |
            row("takeover after SIGKILL"; "\(.takeover_seconds | places(2)) s for all \(.leases_held) runs, "
                + "the first after \(.first_seconds | places(2)) s (lease \($lease) s)"))
    ' "$STATE/results.json"
}

# The same for programs. A phase that was left out is null.
write_json() {
    jq '{
        sagas_per_second: .load.sagas_per_second, floor_sagas_per_second: .floor.sagas_per_second,
        ratio: (if .load and .floor then .load.sagas_per_second / .floor.sagas_per_second else null end),
        cpu_us_per_saga: (.load.cpu_us_per_saga // {} | {api, engine, postgres, participant, load}),
        accept_ms: (.latency.accept_ms // {} | {p50, p99}), finish_ms: (.latency.finish_ms // {} | {p50, p99}),
        takeover_seconds: .takeover.takeover_seconds, runs: .load.runs
    }' "$STATE/results.json" >"$1"
}
