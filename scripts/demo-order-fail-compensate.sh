#!/usr/bin/env bash
# Starts an order whose confirmation e-mail is refused, against a running system (scripts/up). By then the payment is
# charged and the goods are reserved: both must be undone, each exactly once, the reservation first.
#
#   SAGAFLOW_URL         the API, default http://127.0.0.1:3000
#   SAGAFLOW_MOCKS_URL, SAGAFLOW_MOCKS_PORT   the participants, default http://127.0.0.1 and 3001
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source-path=SCRIPTDIR source=lib/orders.sh
source "$ROOT/scripts/lib/orders.sh"

run=$(start_order '{"orderId": "order-1002", "amount": 75, "sku": "book-42", "quantity": 2, "email": "ada@example.org",
    "fail": {"status": 400, "steps": ["send-confirmation-email"]}}')
say "run $run"
status=$(await_end "$run")
show_history "$run"

expect "the run ended" COMPENSATED "$status"
payments=$(ledger 0 "$run")
inventory=$(ledger 1 "$run")
expect "payments did" $'/charge\n/refund' "$(cut -d ' ' -f 2 <<<"$payments")"
expect "inventory did" $'/reserve\n/release' "$(cut -d ' ' -f 2 <<<"$inventory")"
expect "in this order" $'/charge\n/reserve\n/release\n/refund' \
    "$(printf '%s\n' "$payments" "$inventory" | sort | cut -d ' ' -f 2)"
