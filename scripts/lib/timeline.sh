# shellcheck shell=bash
# A run's history for people.

# print_timeline: reads the answer of GET /v1/runs/{runId}/events on standard input.
print_timeline() {
    local colour=false
    [[ -z $BOLD ]] || colour=true
    jq -r --argjson colour "$colour" -f "$ROOT/scripts/lib/timeline.jq"
}
