# shellcheck shell=bash
# What every script needs: where the project is, how to speak, how to end. Sourced, never run.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export ROOT

if [[ -t 1 && -z ${NO_COLOR:-} ]]; then
    BOLD=$'\e[1m' DIM=$'\e[2m' RED=$'\e[31m' GREEN=$'\e[32m' PLAIN=$'\e[0m'
else
    BOLD='' DIM='' RED='' GREEN='' PLAIN=''
fi

say() { printf '%s\n' "$*"; }
heading() { printf '\n%s%s%s\n' "$BOLD" "$*" "$PLAIN"; }
good() { printf '%s✓%s %s\n' "$GREEN" "$PLAIN" "$*"; }
note() { printf '%s%s%s\n' "$DIM" "$*" "$PLAIN"; }
complain() { printf '%s✗ %s%s\n' "$RED" "$*" "$PLAIN" >&2; }
die() {
    complain "$@"
    exit 1
}

# Every script explains itself at its head.
case ${1:-} in
-h | --help)
    awk 'NR > 1 && !/^#/ { exit } NR > 1 && !/shellcheck/ { sub(/^# ?/, ""); print }' "$0"
    exit 0
    ;;
esac

have() { command -v "$1" >/dev/null 2>&1; }

# Runs a command as root: directly, or through sudo.
as_root() {
    if [[ $(id -u) == 0 ]]; then
        "$@"
    elif have sudo; then
        sudo "$@"
    else
        die "this needs root or sudo: $*"
    fi
}

# The child that run_child waits for, if any, so that cleanup can end it.
CHILD=''

# Runs a command in a process group of its own and returns its status. A signal to the script ends the whole group at once
# instead of waiting for it, as the shell would.
run_child() {
    local status=0
    set -m
    "$@" </dev/null &
    CHILD=$!
    set +m
    wait "$CHILD" || status=$?
    CHILD=''
    return "$status"
}

stop_child() {
    [[ -n $CHILD ]] || return 0
    kill -TERM -- "-$CHILD" 2>/dev/null || true
    wait "$CHILD" 2>/dev/null || true
    CHILD=''
}

# Calls "$@" exactly once when the script ends, whatever ends it.
at_exit() {
    CLEANUP=("$@")
    trap 'finish $?' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    trap 'exit 129' HUP
}

finish() {
    trap '' INT TERM HUP
    trap - EXIT
    stop_child
    "${CLEANUP[@]}"
    exit "$1"
}
