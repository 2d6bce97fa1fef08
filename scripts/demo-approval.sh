#!/usr/bin/env bash
# Three orders that a person has to approve, against a running system (scripts/up): one is approved, one is refused, and for the
# third nobody says anything in time. What was reserved for the second and the third is given back.
#
#   SAGAFLOW_URL         the API, default http://127.0.0.1:3000
#   SAGAFLOW_ADMIN_TOKEN the token of an admin, who registers the workflow with a shorter time; without it the third order is left out
#   SAGAFLOW_MOCKS_URL, SAGAFLOW_MOCKS_PORT   the participants, default http://127.0.0.1 and 3001
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source-path=SCRIPTDIR source=lib/orders.sh
source "$ROOT/scripts/lib/orders.sh"

ORDER='{"sku": "server-rack", "quantity": 1, "amount": 480, "approver": "grace@example.org"}'

approved=$(start_run approval "$ORDER")
say "run $approved waits for a person"
await_wait signal "$approved"
saga run signal "$approved" decision --payload '{"approved": true, "by": "grace"}'
status=$(await_end "$approved")
show_history "$approved"
expect "the run ended" COMPLETED "$status"
expect "payments did" /charge "$(ledger 0 "$approved" | cut -d ' ' -f 2)"

# Whatever the end: a run of its own tells of it.
told=$(saga run get "$approved" -o json | jq -r '.run.onEnd[0].runId')
say "run $told tells of the end"
status=$(await_end "$told")
show_history "$told"
expect "the call after the end" COMPLETED "$status"
expect "notifications did" /send "$(ledger 2 "$told" | cut -d ' ' -f 2)"

refused=$(start_run approval "$ORDER")
say "run $refused waits for a person"
await_wait signal "$refused"
saga run signal "$refused" decision --payload '{"approved": false, "reason": "The budget is spent."}'
status=$(await_end "$refused")
show_history "$refused"
expect "the run ended" COMPENSATED "$status"
expect "inventory did" $'/reserve\n/release' "$(ledger 1 "$refused" | cut -d ' ' -f 2)"

if [[ -z ${SAGAFLOW_ADMIN_TOKEN:-} ]]; then
    say "without SAGAFLOW_ADMIN_TOKEN nobody waits in vain here"
    exit
fi
# Two days are long for a demo.
curl -fsS --max-time 10 "$SAGAFLOW_URL/v1/admin/workflows" -H "X-Admin-Token: $SAGAFLOW_ADMIN_TOKEN" \
    -H 'content-type: application/json' -o /dev/null \
    -d "$(jq '.name = "approval-soon" | (.steps[] | select(.id == "decision")).timeout = "2s"' \
        "$ROOT/mocks/workflows/approval.json")"
late=$(start_run approval-soon "$ORDER")
say "run $late waits for a person, for two seconds instead of two days"
status=$(await_end "$late")
show_history "$late"
expect "the run ended" COMPENSATED "$status"
expect "inventory did" $'/reserve\n/release' "$(ledger 1 "$late" | cut -d ' ' -f 2)"
