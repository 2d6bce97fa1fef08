# shellcheck shell=bash
# A real Prometheus beside a running system, and what is asked of it. Needs common.sh, install.sh, processes.sh, checks.sh,
# STATE, and the ports API_PORT, OPS_PORT (of the first engine), ENGINES, MOCKS_PORT and PROMETHEUS_PORT.

# Panels that may be empty when nothing goes wrong: a series of theirs first appears with the first such event.
MAY_BE_EMPTY=("Errors and lost connections" "Admin calls limited" "Breakers" "Breakers opened" "Spans")
# What promtool complains about, and we do on purpose: labels as the API writes them, two names that users expect.
KNOWN_COMPLAINTS='label names should be written in .snake_case|^outbox_backlog_total |^step_latency_ms '

# start_prometheus: with the configuration and the alerts of deploy/, only faster, and with the targets of this machine.
start_prometheus() {
    local folder=$STATE/prometheus number engines=() mocks=()
    mkdir -p "$folder/targets"
    cp "$ROOT"/deploy/prometheus/*.yml "$folder/"
    sed -i -E 's/^( *(scrape|evaluation)_interval: ).*/\11s/; s/^( *scrape_timeout: ).*/\11s/' "$folder/prometheus.yml"
    # shellcheck disable=SC2153 # ENGINES is the caller's
    for ((number = 0; number < ENGINES; number++)); do engines+=("127.0.0.1:$((OPS_PORT + number))"); done
    for ((number = 0; number < 6; number++)); do mocks+=("127.0.0.1:$((MOCKS_PORT + number))"); done
    jq -n --arg api "127.0.0.1:$API_PORT" --arg engines "${engines[*]}" --arg mocks "${mocks[*]}" '[
        {targets: [$api], labels: {job: "sagaflow-api"}},
        {targets: ($engines / " "), labels: {job: "sagaflow-engine"}},
        {targets: ($mocks / " "), labels: {job: "sagaflow-mocks"}}]' >"$folder/targets/here.yml"
    start_process prometheus prometheus --config.file="$folder/prometheus.yml" --storage.tsdb.path="$folder/data" \
        --web.listen-address="127.0.0.1:$PROMETHEUS_PORT" --log.level=warn
    wait_until 30 prometheus "it was ready" curl -fsS -o /dev/null "http://127.0.0.1:$PROMETHEUS_PORT/-/ready"
}

# promql QUERY: prints the result as JSON; fails when the query does.
promql() {
    curl -sS --max-time 10 "http://127.0.0.1:$PROMETHEUS_PORT/api/v1/query" --data-urlencode "query=$1" |
        jq -ce 'if .status == "success" then .data.result else error(.error) end'
}

# promql_holds QUERY: whether it has a result at all; comparisons filter.
promql_holds() { [[ $(promql "$1") != '[]' ]]; }

# The metric families a process exposes, one a line, as "NAME TYPE".
families() { curl -fsS --max-time 5 "http://127.0.0.1:$1/metrics" | sed -n 's/^# TYPE //p'; }

# Every metric that alerts, autoscaler and dashboard name is exposed by an API or an engine and explained in docs/metrics.md.
check_names() {
    local name base failed=0 known=$STATE/families
    { families "$API_PORT" && families "$OPS_PORT"; } | sort -u >"$known" || return 1
    while read -r name; do
        base=$(sed -E 's/_(bucket|sum|count)$//' <<<"$name")
        grep -q "^$name " "$known" || grep -q "^$base histogram$" "$known" ||
            { complain "deploy/ uses $name, which no process exposes" && failed=1; }
    done < <({ dashboard_queries && other_queries; } | metric_names | grep -vx 'ALERTS\|up')
    # The page abbreviates names that only end differently: `workflow_runs_completed_total` `…_failed_total`.
    grep -o "\`[^\`]*\`" "$ROOT/docs/metrics.md" | tr -d "\`" | sort -u >"$STATE/explained"
    while read -r name _; do
        grep -qx "$name\|…_${name##*_runs_}" "$STATE/explained" ||
            { complain "docs/metrics.md does not explain $name" && failed=1; }
    done <"$known"
    ((failed)) || good "$(wc -l <"$known") metrics are exposed; alerts and dashboard use no others"
    return "$failed"
}

# The exposition is one that promtool accepts, but for what we do on purpose.
check_exposition() {
    local port failed=0 complaints
    for port in "$API_PORT" "$OPS_PORT"; do
        complaints=$(curl -fsS --max-time 5 "http://127.0.0.1:$port/metrics" | promtool check metrics 2>&1 |
            grep -Ev "$KNOWN_COMPLAINTS") || true
        [[ -z $complaints ]] || { complain "port $port: $complaints" && failed=1; }
    done
    return "$failed"
}

# Every query of the dashboard is answered, with data unless its panel may be empty, and with the labels its legend names.
check_dashboard() {
    local panel title expr legend result failed=0 count=0
    while read -r panel; do
        title=$(jq -r .title <<<"$panel") expr=$(jq -r .expr <<<"$panel") legend=$(jq -r .legend <<<"$panel")
        count=$((count + 1))
        if ! result=$(promql "$expr"); then
            complain "the panel \"$title\" fails: $expr"
            failed=1
        elif [[ $result == '[]' ]]; then
            [[ " ${MAY_BE_EMPTY[*]/%/|}" == *" $title|"* ]] ||
                { complain "the panel \"$title\" has no data: $expr" && failed=1; }
        elif ! jq -e --arg legend "$legend" '[$legend | scan("{{(\\w+)}}")[]] as $labels
            | all(.[].metric; . as $metric | all($labels[]; ($metric[.] // "") != ""))' <<<"$result" >/dev/null; then
            complain "the panel \"$title\" names labels in \"$legend\" that its series lack: $expr"
            failed=1
        fi
    done < <(jq -c '.panels[] | .title as $title | .targets[]? | {title: $title, legend: .legendFormat,
        expr: (.expr | gsub("\\$__rate_interval"; "30s") | gsub("\\$__range"; "5m") | gsub("\\$workflow"; ".*"))}' \
        "$ROOT/deploy/grafana/dashboards/sagaflow.json")
    ((failed)) || good "all $count queries of the dashboard are answered"
    return "$failed"
}

# Exactly these alerts are firing.
check_alerts() {
    local firing
    firing=$(promql 'ALERTS{alertstate="firing"}' | jq -r 'map(.metric.alertname) | unique | join(" ")')
    [[ $firing == "$*" ]] || { complain "these alerts should be firing: $*; these are: ${firing:-none}" && return 1; }
    good "firing: $*"
}
