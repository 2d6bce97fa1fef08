# shellcheck shell=bash
# The floor of scripts/bench: Postgres alone with sagaflow's own statements. Needs bench.sh.

# What the engine's own connections set, so that the floor is measured with the same plans.
FLOOR_OPTIONS='-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_mergejoin=off -c enable_hashjoin=off -c jit=off'
# Runs in one statement, and numbers of pgbench clients of which the best counts.
FLOOR_BATCH=200
FLOOR_CLIENTS=(1 2 4)

# Sagas a second of Postgres alone, by number of clients, each in a fresh database; and the time of each statement with
# one client.
phase_floor() {
    local clients url count seconds statements='{}' results=()
    # Nothing else may take its CPU.
    system_down
    for clients in "${FLOOR_CLIENTS[@]}"; do
        url=$(make_database "floor_$clients")
        migrate "$url"
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
