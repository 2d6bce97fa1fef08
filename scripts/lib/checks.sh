# shellcheck shell=bash
# What can be said about the files in deploy/ without running anything of the project: they parse, they refer to each other
# correctly, and the alerts fire when they should. Each check_… is a phase of scripts/test. Needs common.sh and install.sh.

# The PromQL of every panel and annotation of the dashboard, one a line, as Grafana would send it over half an hour.
dashboard_queries() {
    jq -r '[.. | objects | .expr? | strings] | .[]
        | gsub("\\$__rate_interval"; "1m") | gsub("\\$__range"; "30m") | gsub("\\$workflow"; ".*")' \
        "$ROOT"/deploy/grafana/dashboards/*.json
}

# The PromQL of every alert and of the autoscaler, one a line.
other_queries() {
    alert_rules | jq -r '.groups[].rules[].expr | gsub("\\s+"; " ")'
    yaml_as_json "$ROOT/deploy/kubernetes/overlays/production/autoscaling-engine.yaml" |
        jq -r '.spec.triggers[].metadata.query'
}

# alerts.yml as JSON.
alert_rules() { yaml_as_json "$ROOT/deploy/prometheus/alerts.yml"; }

yaml_as_json() { tool_python yaml -c 'import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))' "$1"; }

# metric_names: reads PromQL, one query a line, and prints the names of the metrics in it. What is left of a query without strings,
# matchers, label lists, ranges, functions and keywords is names and numbers.
metric_names() {
    sed -E -e 's/"[^"]*"//g' -e 's/\{[^}]*\}//g' -e 's/\[[^]]*\]//g' \
        -e 's/\b(by|without|on|ignoring|group_left|group_right) *\([^)]*\)//g' \
        -e 's/\b(and|or|unless|offset +[0-9a-z]+|bool)\b//g' -e 's/\b[a-z_]+ *\(/(/g' |
        grep -oE '[a-zA-Z_:][a-zA-Z0-9_:]*' | sort -u
}

check_prometheus() {
    local folder=$ROOT/deploy/prometheus name failed=0
    promtool check config "$folder/prometheus.yml" || failed=1
    promtool test rules "$folder/alerts_test.yml" || failed=1
    while read -r name; do
        # Once to fire and once to be silent, at least.
        (($(grep -cw "$name" "$folder/alerts_test.yml") >= 2)) ||
            { complain "alerts_test.yml does not test $name" && failed=1; }
        grep -q "^## $name$" "$ROOT/docs/runbook.md" || { complain "docs/runbook.md says nothing about $name" && failed=1; }
    done < <(alert_rules | jq -r '.groups[].rules[].alert')
    # Names, severities and links are what people and routes go by.
    alert_rules | jq -e '[.groups[].rules[] | select(
        (.labels.severity | IN("critical", "warning") | not) or (.annotations.summary // "") == ""
        or (.annotations.description // "") == ""
        or .annotations.runbook_url != "docs/runbook.md#\(.alert | ascii_downcase)")] == []' >/dev/null ||
        { complain "an alert lacks its severity, summary, description or link to the runbook" && failed=1; }
    while read -r name; do
        alert_rules | jq -e --arg name "$name" 'any(.groups[].rules[]; .alert == $name)' >/dev/null ||
            { complain "docs/runbook.md is about $name, which is no alert" && failed=1; }
    done < <(sed -n 's/^## \(Sagaflow[A-Za-z]*\)$/\1/p' "$ROOT/docs/runbook.md")
    return "$failed"
}

# Every query of the dashboard parses, panels do not share ids or places, and nothing refers to a data source that is not there.
check_grafana() {
    local file=$ROOT/deploy/grafana/dashboards/sagaflow.json rules sources failed=0
    rules=$(mktemp "$STATE/rules.XXXXXX")
    { dashboard_queries && other_queries; } | jq -Rn '{groups: [{name: "dashboard",
        rules: [inputs | {expr: .}] | to_entries | map({record: "query:\(.key)", expr: .value.expr})}]}' >"$rules"
    promtool check rules "$rules" || failed=1
    jq -e '[.panels[].id] | length == (unique | length)' "$file" >/dev/null ||
        { complain "two panels have the same id" && failed=1; }
    jq -e '[.panels[].gridPos | range(.x; .x + .w) as $x | range(.y; .y + .h) as $y | [$x, $y]]
        | length == (unique | length) and all(.[0] < 24)' "$file" >/dev/null ||
        { complain "panels lie on each other" && failed=1; }
    sources=$(yaml_as_json "$ROOT/deploy/grafana/provisioning/datasources/sagaflow.yaml" | jq -c '[.datasources[].uid]')
    jq -e --argjson sources "$sources" '[.. | objects | .datasource?.uid? | strings] - $sources - ["-- Grafana --"] == []' \
        "$file" >/dev/null || { complain "a panel's data source is not provisioned" && failed=1; }
    return "$failed"
}

check_compose() {
    local compose=(docker-compose)
    ! docker compose version >/dev/null 2>&1 || compose=(docker compose)
    # Debian's docker-compose is older than the key `name`.
    sed '/^name:/d' "$ROOT/docker-compose.yml" >"$STATE/docker-compose.yml"
    COMPOSE_PROFILES=obs "${compose[@]}" --project-directory "$ROOT" -f "$STATE/docker-compose.yml" \
        config >"$STATE/compose.yml" || return 1
    # Every file that is mounted must be there, or docker makes an empty folder of that name.
    local path failed=0
    while read -r path; do
        [[ -e $path ]] || { complain "docker-compose.yml mounts $path, which does not exist" && failed=1; }
    done < <(yaml_as_json "$STATE/compose.yml" | jq -r --arg root "$ROOT" '.services[].volumes // [] | .[]
        | if type == "object" then select(.type == "bind").source else split(":")[0] end | select(startswith($root))')
    yaml_as_json "$STATE/compose.yml" | jq -e '[.services[] | .image | select(test(":v?[0-9]|^sagaflow$") | not)] == []' \
        >/dev/null || { complain "an image in docker-compose.yml has no version" && failed=1; }
    return "$failed"
}

# Builds each overlay and holds the result against the schemas of Kubernetes itself.
check_kubernetes() {
    local overlay python failed=0
    python=$(tool_python kubernetes_validate -c 'import sys; print(sys.executable)') || return 1
    for overlay in "$ROOT"/deploy/kubernetes/overlays/*/; do
        overlay=$(basename "$overlay")
        build_overlay "$overlay" >"$STATE/$overlay.yml" || failed=1
        "$python" "$ROOT/scripts/lib/check_kubernetes.py" "$STATE/$overlay.yml" "${KUBERNETES_VERSIONS[@]}" || failed=1
    done
    return "$failed"
}

# The oldest version of Kubernetes the manifests are meant for, and the newest whose schemas the validator has.
KUBERNETES_VERSIONS=(1.29 1.37)

# build_overlay NAME: prints its manifests.
build_overlay() {
    local copy=$STATE/kubernetes
    if have kustomize; then
        kustomize build "$ROOT/deploy/kubernetes/overlays/$1"
    elif kubectl version --client 2>/dev/null | grep -q Kustomize; then
        kubectl kustomize "$ROOT/deploy/kubernetes/overlays/$1"
    else
        # Debian's kubectl has a kustomize so old that it knows folders by the name of `bases` only.
        rm -rf "$copy"
        cp -r "$ROOT/deploy/kubernetes" "$copy"
        sed -i -E '/^ *- \.\.\/\.\.\/base$/d; $a bases: [../../base]' "$copy/overlays/$1/kustomization.yaml"
        kubectl kustomize "$copy/overlays/$1"
    fi
}

# tool_python MODULE ARGUMENT...: runs Python with the pinned tools of scripts/lib/tools.txt, installed once per version of that
# list into the user's cache.
tool_python() {
    local module=$1 python folder
    shift
    if [[ $module == yaml ]] && python3 -c 'import yaml' 2>/dev/null; then
        python3 "$@"
        return
    fi
    folder=${XDG_CACHE_HOME:-$HOME/.cache}/sagaflow/tools-$(sha256sum "$ROOT/scripts/lib/tools.txt" | cut -c 1-12)
    if [[ ! -e $folder/complete ]]; then
        note "installing the tools of scripts/lib/tools.txt into $folder" >&2
        python=$(python_for_tests) || die "Python cannot make virtual environments: Debian's package is python3-venv"
        mkdir -p "${folder%/*}"
        rm -rf "$folder"
        "$python" -m venv "$folder" >&2 || return 1
        "$folder/bin/pip" install --quiet --disable-pip-version-check --requirement "$ROOT/scripts/lib/tools.txt" >&2 ||
            return 1
        touch "$folder/complete"
    fi
    "$folder/bin/python" "$@"
}
