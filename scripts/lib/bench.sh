# shellcheck shell=bash
# What scripts/bench and scripts/bench-peers share: what must be there before sagaflow-bench can measure, and how that
# program, through call.sh, starts things. Needs common.sh, stack.sh, STATE and BIN.

# The settings Postgres is measured with, beyond its defaults. Durable: fsync and synchronous_commit stay on.
BENCH_POSTGRES=(shared_buffers=512MB max_wal_size=4GB)

# prepare_bench NAME: installs what is missing, builds, and sees to it that nothing is left behind. SAGAFLOW_BIN names a
# folder with programs built before. Sets STATE and BIN.
prepare_bench() {
    [[ -r /proc/self/stat ]] || die "CPU and memory are read from /proc: this needs Linux"
    install_missing
    # On a disk: /tmp is in memory on many systems.
    STATE=$(mktemp -d "${TMPDIR:-/var/tmp}/sagaflow-$1.XXXXXX")
    chmod 711 "$STATE"
    mkdir -p "$STATE/logs"
    at_exit clean_up
    BIN=${SAGAFLOW_BIN:-}
    [[ -n $BIN ]] || build_for_bench
    export STATE BIN
}

# Only what is measured, and what measures.
build_for_bench() {
    local product
    heading "Building for release"
    for product in sagaflow-api sagaflow-engine saga sagaflow-bench; do
        run_child swift build --package-path "$ROOT" -c release "${RELEASE_FLAGS[@]}" --product "$product" \
            >"$STATE/logs/build.log" 2>&1 ||
            fail_with_log build "$product could not be built"
    done
    BIN=$(swift build --package-path "$ROOT" -c release --show-bin-path)
}

# run_bench COMMAND...: when it fails, tells what the processes had to say.
run_bench() {
    local log
    ! run_child "$BIN/sagaflow-bench" "$@" || return 0
    for log in "$STATE"/logs/{api,engine-[0-9],participant}.log; do
        [[ ! -s $log ]] || { note "${log##*/}:" && tail -n 5 "$log"; } >&2
    done
    exit 1
}

clean_up() {
    stop_all
    remove_postgres
    rm -rf "$STATE"
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

# A cluster with the settings above, which start_postgres then finds and starts.
prepare_cluster() {
    local bin folder
    bin=$(postgres_bin) || die "Postgres is not installed"
    folder=$(postgres_folder)
    [[ $(stat -f -c %T "$folder") != tmpfs ]] || die "$folder is in memory; set TMPDIR to a folder on a disk"
    as_postgres "$bin/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C \
        >"$STATE/logs/initdb.log" 2>&1 || fail_with_log initdb "initdb failed"
    printf '%s\n' "${BENCH_POSTGRES[@]}" | as_postgres tee -a "$folder/data/postgresql.conf" >/dev/null
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

# migrate URL
migrate() {
    DATABASE_URL=$1 "$BIN/saga" migrate up >"$STATE/logs/migrate.log" 2>&1 ||
        fail_with_log migrate "the migrations failed"
}

# peer_python NAME: prints a Python that has what bench/peers/NAME needs.
peer_python() {
    venv_install "$1" "$ROOT/bench/peers/$1/requirements.txt" || die "$1 could not be installed"
}

# start_ready NAME URL COMMAND...: starts it, waits until the URL answers, and prints its pid.
start_ready() {
    local name=$1 url=$2
    shift 2
    start_process "$name" "$@"
    wait_until 60 "$name" "it was ready" answers "$url"
    pid_of "$name"
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
