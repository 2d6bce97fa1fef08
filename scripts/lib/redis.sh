# shellcheck shell=bash
# A Redis of our own: in memory only, on 127.0.0.1.

# start_redis PORT: returns when it answers, and sets REDIS_URL.
start_redis() {
    local port=$1
    start_process redis redis-server --port "$port" --bind 127.0.0.1 --save '' --appendonly no --daemonize no
    wait_until 15 redis "it answered a ping" redis_answers "$port"
    # shellcheck disable=SC2034 # for the caller
    REDIS_URL="redis://127.0.0.1:$port"
}

redis_answers() (
    exec 4<>"/dev/tcp/127.0.0.1/$1" || exit 1
    printf 'PING\r\n' >&4
    IFS= read -r -t 1 answer <&4
    [[ $answer == +PONG* ]]
)
