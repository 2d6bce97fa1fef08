#!/usr/bin/env bash
# Starts an order that succeeds, against a running system (scripts/up), and shows its history.
#
#   SAGAFLOW_URL         the API, default http://127.0.0.1:3000
#   SAGAFLOW_MOCKS_URL, SAGAFLOW_MOCKS_PORT   the participants, default http://127.0.0.1 and 3001
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source-path=SCRIPTDIR source=lib/orders.sh
source "$ROOT/scripts/lib/orders.sh"

run=$(start_order '{"orderId": "order-1001", "amount": 120.50,
    "sku": "book-42", "quantity": 1, "email": "ada@example.org"}')
say "run $run"
status=$(await_end "$run")
show_history "$run"

expect "the run ended" COMPLETED "$status"
payments=$(ledger 0 "$run")
inventory=$(ledger 1 "$run")
notifications=$(ledger 2 "$run")
expect "payments did" /charge "$(cut -d ' ' -f 2 <<<"$payments")"
expect "inventory did" /reserve "$(cut -d ' ' -f 2 <<<"$inventory")"
expect "notifications did" /send "$(cut -d ' ' -f 2 <<<"$notifications")"
