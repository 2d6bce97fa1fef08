# shellcheck shell=bash
# A Postgres of our own: its data in a private folder, on 127.0.0.1 only, as durable as in production unless told otherwise.

# The user the server runs as: Postgres refuses root.
postgres_user() {
    if [[ $(id -u) != 0 ]]; then
        id -un
    elif id postgres >/dev/null 2>&1; then
        echo postgres
    else
        echo nobody
    fi
}

as_postgres() {
    if [[ $(id -u) == 0 ]]; then
        # From a folder the user may enter, or every program complains about the current one.
        (cd / && runuser -u "$(postgres_user)" -- "$@")
    else
        "$@"
    fi
}

# Prints a folder for the data, made when needed: STATE/pg, or one under /tmp where the server's user cannot reach STATE (a
# checkout under /root). STATE/pg-folder remembers the latter.
postgres_folder() {
    local folder=$STATE/pg
    if [[ -s $STATE/pg-folder ]]; then
        folder=$(cat "$STATE/pg-folder")
    elif [[ $(id -u) == 0 && ! -d $folder ]] && ! as_postgres test -x "$STATE"; then
        folder=$(mktemp -d /tmp/sagaflow-pg.XXXXXX)
        echo "$folder" >"$STATE/pg-folder"
    fi
    mkdir -p "$folder"
    [[ $(id -u) != 0 ]] || chown "$(postgres_user)" "$folder"
    chmod 700 "$folder"
    echo "$folder"
}

# start_postgres PORT [--fsync=off]: returns when it answers, and sets POSTGRES_URL (superuser, database postgres).
# --fsync=off is for tests, which lose nothing when the machine loses its power, and would wait for a slow disk.
start_postgres() {
    local port=$1 fsync=on bin folder version pid
    [[ ${2-} != --fsync=off ]] || fsync=off
    bin=$(postgres_bin) || die "Postgres is not installed"
    mkdir -p "$STATE/logs"
    folder=$(postgres_folder)
    if ! as_postgres test -s "$folder/data/PG_VERSION"; then
        as_postgres "$bin/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C \
            >"$STATE/logs/initdb.log" 2>&1 || fail_with_log initdb "initdb failed"
    fi
    version=$(as_postgres cat "$folder/data/PG_VERSION")
    [[ $("$bin/postgres" --version) == *" $version"* ]] ||
        die "$folder holds data of Postgres $version, which is not the one installed: scripts/down --clean removes it"
    # A socket's path is limited to 107 bytes.
    local socket=$folder
    ((${#socket} < 80)) || socket=''
    local options="-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories='$socket' -c max_connections=300"
    options+=" -c fsync=$fsync -c synchronous_commit=on"
    if ! as_postgres "$bin/pg_ctl" start -s -w -t 60 -D "$folder/data" -l "$folder/postgres.log" -o "$options" \
        >"$STATE/logs/postgres.log" 2>&1; then
        as_postgres tail -n 20 "$folder/postgres.log" >>"$STATE/logs/postgres.log" 2>&1 || true
        fail_with_log postgres "Postgres did not start on port $port"
    fi
    pid=$(as_postgres head -n 1 "$folder/data/postmaster.pid")
    # SIGINT is Postgres's fast shutdown; SIGTERM would wait for clients that may never leave.
    remember_process postgres "$pid" INT || die "Postgres ended at once"
    POSTGRES_URL="postgres://postgres@127.0.0.1:$port/postgres"
}

# make_database NAME: unless it exists; prints its URL.
make_database() {
    local name=$1 bin
    bin=$(postgres_bin)
    if [[ $("$bin/psql" -XAtq "$POSTGRES_URL" -c "select 1 from pg_database where datname = '$name'") != 1 ]]; then
        "$bin/psql" -Xq "$POSTGRES_URL" -c "create database \"$name\"" >&2
    fi
    echo "${POSTGRES_URL%/*}/$name"
}

# Removes the data; only when nothing runs any more.
remove_postgres() {
    local folder=$STATE/pg
    [[ ! -s $STATE/pg-folder ]] || folder=$(cat "$STATE/pg-folder")
    rm -rf "$folder" "$STATE/pg-folder"
}
