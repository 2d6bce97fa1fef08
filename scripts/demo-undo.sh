#!/usr/bin/env bash
# An order that has ended well is called off the day after, against a running system (scripts/up): what it did is undone, each
# exactly once, the latest first; and asked again it is the same undo.
#
#   SAGAFLOW_URL         the API, default http://127.0.0.1:3000
#   SAGAFLOW_MOCKS_URL, SAGAFLOW_MOCKS_PORT   the participants, default http://127.0.0.1 and 3001
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source-path=SCRIPTDIR source=lib/orders.sh
source "$ROOT/scripts/lib/orders.sh"

run=$(start_order '{"orderId": "order-1003", "amount": 60, "sku": "book-42", "quantity": 1, "email": "ada@example.org"}')
say "run $run"
expect "the run ended" COMPLETED "$(await_end "$run")"

saga run undo "$run" --reason "the customer sent it back"
saga run undo "$run" --reason "the customer sent it back"
# It is COMPLETED until an engine has taken it up.
deadline=$((SECONDS + 60))
until [[ $(saga run get "$run" -o json | jq -r .run.status) == COMPENSATED ]]; do
    ((SECONDS < deadline)) || die "run $run is not undone after a minute"
    sleep 0.1
done
show_history "$run"
expect "payments did" $'/charge\n/refund' "$(ledger 0 "$run" | cut -d ' ' -f 2)"
expect "inventory did" $'/reserve\n/release' "$(ledger 1 "$run" | cut -d ' ' -f 2)"
expect "notifications did" $'/send\n/cancel' "$(ledger 2 "$run" | cut -d ' ' -f 2)"
