# shellcheck shell=bash
# TCP ports on this machine.

# Whether something listens on a port.
port_in_use() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# free_port COUNT: prints the first of COUNT consecutive ports nobody listens on, below the range systems give to clients. No
# port is given out twice: nobody may listen on it yet. Needs STATE.
free_port() {
    local count=$1 attempt base offset
    for ((attempt = 0; attempt < 200; attempt++)); do
        base=$((20000 + RANDOM % 12000))
        for ((offset = 0; offset < count; offset++)); do
            port_in_use $((base + offset)) && continue 2
            ! grep -qsx $((base + offset)) "$STATE/ports" || continue 2
        done
        seq "$base" $((base + count - 1)) >>"$STATE/ports"
        echo "$base"
        return
    done
    die "found no $count free ports in a row"
}

# require_port PORT WHAT
require_port() {
    ! port_in_use "$1" || die "port $1, meant for $2, is in use by another program"
}
