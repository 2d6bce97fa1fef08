# shellcheck shell=bash
# The history phase of scripts/bench: throughput with millions of finished runs in the tables. Needs bench-phases.sh.
#
# The history is made by multiplying one run that really went through the system: each row of it is written once per
# run, with an id and times of its own. So the history has whatever columns and events runs have.

# Days over which the finished runs are spread, today the last. Less than what engines keep by default.
HISTORY_DAYS=28
# What a finished run takes on disk, with indexes and what making it needs, in bytes; and what must be left besides.
HISTORY_RUN_BYTES=4000
HISTORY_SPARE_BYTES=5000000000

# Alternately: with the history first in one round, without it in the next.
phase_history() {
    local needed free round order name seconds=$SECONDS
    main_system_gone
    needed=$((HISTORY * HISTORY_RUN_BYTES + HISTORY_SPARE_BYTES))
    free=$(df -B1 --output=avail "$(postgres_folder)" | tail -n 1)
    if ((free < needed)); then
        not_measured "$HISTORY finished runs need $((needed / 1000000000)) GB of disk, $((free / 1000000000)) GB are free"
        return
    fi
    seed_history
    note "seeded in $((SECONDS - seconds)) s: $(history_size)" >&2
    seconds=$((SECONDS - seconds))
    : >"$STATE/rounds"
    for ((round = 1; round <= REPEAT; round++)); do
        order=(empty history)
        ((round % 2)) || order=(history empty)
        for name in "${order[@]}"; do
            system_up "$name"
            start_engine 1
            warm_up
            query "$POSTGRES_URL" checkpoint
            measure_load "$RUNS" 1 3 | jq -c --arg name "$name" '.database = $name' >>"$STATE/rounds"
        done
    done
    jq -cs --argjson runs "$HISTORY" --argjson seconds "$seconds" --arg size "$(history_size)" \
        '{finished_runs: $runs, seed_seconds: $seconds, size: $size, rounds: .}' "$STATE/rounds"
    system_gone history
    system_gone empty
}

history_size() { query "$POSTGRES_URL" "select pg_size_pretty(pg_database_size('history'))"; }

# The database `history` with HISTORY finished runs, vacuumed and analyzed. Without a run in flight, without WAL where
# Postgres can do without, on all cores; durable again before anything is measured.
seed_history() {
    local url
    system_up history
    start_engine 1
    bench_system load --runs 10 >/dev/null
    system_down
    url=$DATABASE_URL
    restart_postgres wal_level=minimal max_wal_senders=0 full_page_writes=off max_wal_size=16GB checkpoint_timeout=30min \
        maintenance_work_mem=512MB autovacuum=off
    seed_template "$url"
    seed_jobs "$url"
    run_child xargs -a "$STATE/seed/jobs" -P "$(nproc)" -n 1 \
        "$(postgres_bin)/psql" -XAtq -v ON_ERROR_STOP=1 "$url" -f >"$STATE/logs/seed.log" 2>&1 ||
        fail_with_log seed "the history could not be made"
    query "$url" 'drop schema seed cascade'
    restart_postgres
    sync
}

# restart_postgres [SETTING=VALUE...]: with these besides the usual ones.
restart_postgres() {
    local setting
    query "$POSTGRES_URL" 'alter system reset all'
    for setting in "$@"; do query "$POSTGRES_URL" "alter system set ${setting%%=*} = '${setting#*=}'"; done
    # All that is dirty is written here: a server that is told to stop has little time for it.
    query "$POSTGRES_URL" checkpoint
    STOP_SECONDS=120 stop_named postgres
    start_postgres "$PG_PORT"
}

# One finished run, to be multiplied, and the partitions of the weeks its copies belong to.
seed_template() {
    query "$1" "
        create schema seed;
        create table seed.workflow_runs as
            select * from workflow_runs where status = 'COMPLETED' order by run_id desc limit 1;
        create table seed.run_steps as
            select * from run_steps where run_id = (select run_id from seed.workflow_runs) order by step_index;
        create table seed.run_events as
            select * from run_events where run_id = (select run_id from seed.workflow_runs) order by seq;
        create table seed.span as
            select date_trunc('milliseconds', now()) - interval '$HISTORY_DAYS days' as begin_at,
                $HISTORY_DAYS * 86400000.0 / $HISTORY as step_ms;
        select create_run_partition(parent, week, week + interval '7 days')
        from unnest(array['workflow_runs', 'run_steps', 'run_events']::regclass[]) parent,
            generate_series(0, $HISTORY_DAYS / 7 + 1) n,
            lateral (select to_timestamp((floor(extract(epoch from now()) / 604800) - n) * 604800) as week) w
        where week + interval '7 days' > (select begin_at from seed.span)" >/dev/null
}

# STATE/seed/jobs: files with SQL, one for each partition, the largest first so that cores end together. A partition that
# is emptied and filled in one transaction needs no WAL (wal_level = minimal).
seed_jobs() {
    local url=$1 parent partition low high columns number=0
    mkdir -p "$STATE/seed"
    : >"$STATE/seed/jobs"
    while IFS='|' read -r parent partition low high; do
        columns=$(query "$url" "
            select string_agg(case
                when attname = 'run_id' then 'r.id'
                when atttypid = 'timestamptz'::regtype then format('t.%I + r.shift', attname)
                else format('t.%I', attname) end, ', ' order by attnum)
            from pg_attribute where attrelid = '$parent'::regclass and attnum > 0 and not attisdropped")
        number=$((number + 1))
        cat >"$STATE/seed/$number.sql" <<SQL
set synchronous_commit = off;
set jit = off;
begin;
truncate $partition;
insert into $partition select $columns
from (
    select (lpad(to_hex(ms), 12, '0') || '70008' || lpad(to_hex(i), 15, '0'))::uuid as id,
        to_timestamp(0) + ms * interval '1 millisecond' - created_at as shift, i * 0 as zero
    from (select i, (extract(epoch from begin_at) * 1000 + i * step_ms)::int8 as ms
        from seed.span, generate_series($low::int8, $high::int8) i) n,
        seed.workflow_runs
    offset 0) r,
    -- Refers to r, so that the rows of a run stay together and in order.
    lateral (select * from seed.$parent offset r.zero) t;
commit;
vacuum (freeze, analyze) $partition;
SQL
        echo "$STATE/seed/$number.sql" >>"$STATE/seed/jobs"
    done < <(query "$url" "
        select parent_table, partition_table, low, high
        from run_partitions, seed.span,
            lateral (select
                greatest(ceil(extract(epoch from lower_at - begin_at) * 1000 / step_ms), 1)::int8 as low,
                least(ceil(extract(epoch from upper_at - begin_at) * 1000 / step_ms) - 1, $HISTORY)::int8 as high) p
        where low <= high
        order by (high - low) * case parent_table::text when 'run_events' then 8 when 'run_steps' then 3 else 1 end desc")
}
