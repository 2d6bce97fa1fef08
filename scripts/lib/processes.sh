# shellcheck shell=bash
# Processes a script starts, remembers by pid and stops again in reverse order. Needs STATE, a folder of its own.
#
# STATE/pids/NNN-NAME holds "PID IDENTITY SIGNAL". The identity is the process's start time, so that a pid the system has given to
# somebody else in the meantime is never signalled.

# `saga dev` stops what it has started one after the other.
STOP_SECONDS=${STOP_SECONDS:-30}

# Prints when a live process was started, in the system's own unit; fails when it is gone or a zombie.
process_identity() {
    local pid=$1 stat
    if [[ -r /proc/self/stat ]]; then
        stat=$(cat "/proc/$pid/stat" 2>/dev/null) || return 1
        # The name in parentheses may hold anything; behind it are the state and, as the 20th, the start time.
        local fields
        read -r -a fields <<<"${stat##*) }"
        [[ ${fields[0]} != [ZX] ]] || return 1
        echo "${fields[19]}"
    else
        [[ $(ps -o stat= -p "$pid") != Z* ]] || return 1
        ps -o lstart= -p "$pid" | tr ' ' '_' | grep .
    fi
}

# remember_process NAME PID SIGNAL
remember_process() {
    local name=$1 pid=$2 signal=$3 identity files
    identity=$(process_identity "$pid") || return 1
    mkdir -p "$STATE/pids"
    files=("$STATE/pids"/*)
    [[ -e ${files[0]} ]] || files=()
    echo "$pid $identity $signal" >"$STATE/pids/$(printf '%03d' "${#files[@]}")-$name"
}

# keep_log NAME: puts the log of the last process of that name aside, as NAME.TIME.log, of which the latest ten stay.
keep_log() {
    local log=$STATE/logs/$1.log kept
    [[ -s $log ]] || return 0
    mv "$log" "$STATE/logs/$1.$(date -r "$log" -u +%Y%m%dT%H%M%S.%N).log"
    # The names are in the order of the times.
    kept=("$STATE/logs/$1".[0-9]*.log)
    ((${#kept[@]} <= 10)) || rm -f "${kept[@]:0:${#kept[@]}-10}"
}

# start_process NAME COMMAND...: in the background, with its output in STATE/logs/NAME.log.
start_process() {
    local name=$1
    shift
    mkdir -p "$STATE/logs"
    keep_log "$name"
    # A process group of its own: Ctrl-C in a terminal must reach the script only, which then stops things in order.
    set -m
    nohup "$@" </dev/null >"$STATE/logs/$name.log" 2>&1 &
    local pid=$!
    set +m
    disown "$pid" 2>/dev/null || true
    remember_process "$name" "$pid" TERM || fail_with_log "$name" "$name ended at once"
}

# fail_with_log NAME MESSAGE
fail_with_log() {
    local name=$1
    shift
    complain "$@"
    [[ ! -s $STATE/logs/$name.log ]] || tail -n 20 "$STATE/logs/$name.log" >&2
    exit 1
}

# Whether the process remembered in a pid file still runs.
file_is_alive() {
    local pid identity signal
    read -r pid identity signal <"$1" || return 1
    [[ $(process_identity "$pid") == "$identity" ]]
}

# is_running NAME
is_running() {
    local file
    for file in "$STATE/pids"/*-"$1"; do
        [[ -e $file ]] && file_is_alive "$file" && return 0
    done
    return 1
}

# anything_running: whether any remembered process lives.
anything_running() {
    local file
    for file in "$STATE/pids"/*; do
        [[ -e $file ]] && file_is_alive "$file" && return 0
    done
    return 1
}

stop_file() {
    local file=$1 pid identity signal deadline
    if file_is_alive "$file"; then
        read -r pid identity signal <"$file"
        kill -s "$signal" "$pid" 2>/dev/null || true
        deadline=$((SECONDS + STOP_SECONDS))
        while file_is_alive "$file"; do
            if ((SECONDS >= deadline)); then
                complain "${file##*/} (pid $pid) did not stop within ${STOP_SECONDS}s of SIG$signal: killed"
                kill -KILL "$pid" 2>/dev/null || true
                while file_is_alive "$file"; do sleep 0.05; done
            else
                sleep 0.05
            fi
        done
    fi
    rm -f "$file"
}

# stop_process NAME
stop_process() {
    local file
    for file in "$STATE/pids"/*-"$1"; do
        [[ ! -e $file ]] || stop_file "$file"
    done
}

# Stops everything remembered, the youngest first.
stop_all() {
    local files=("$STATE/pids"/*) index
    [[ -e ${files[0]} ]] || return 0
    for ((index = ${#files[@]} - 1; index >= 0; index--)); do stop_file "${files[index]}"; done
}

# wait_until SECONDS NAME WHAT COMMAND...: until the command succeeds, the process NAME ends, or the time is over.
wait_until() {
    local deadline=$((SECONDS + $1)) name=$2 what=$3
    shift 3
    until "$@" >/dev/null 2>&1; do
        is_running "$name" || fail_with_log "$name" "$name ended before $what"
        ((SECONDS < deadline)) || fail_with_log "$name" "$name is not ready in time: $what"
        sleep 0.1
    done
}
