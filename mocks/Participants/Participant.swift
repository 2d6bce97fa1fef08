// The six services that demos and tests let sagas call. Each is a few tables and two SQL functions: act(), which does what
// a path says, and undo(), which takes back what a step did. Everything that makes them good participants (idempotency,
// null compensations, late actions refused) is in Barrier/ and the same for all; none of it is in here.

internal import Core

/// One service: its name, its paths and its tables.
struct Participant: Sendable {
    /// Also the name under which workflows know it, and the end of its database's name.
    let name: String
    /// By path; all are called with POST.
    let routes: [String: Route]
    /// Tables, `act(run, step, path, body)` and `undo(run, step)`. Safe to run again.
    let schema: String

    /// All, in the order of their ports.
    static let all = [payments, inventory, notifications, orders, dispatch, invoicing]
}

/// A path: which calls it serves, and the checks on a body that need no table.
struct Route: Sendable {
    let actions: Set<CallAction>
    /// Its actions are accepted with 202, and come to their end half a second later.
    let isLater: Bool
    /// Why a body is declined; asked for actions only, since nothing may stand in the way of a compensation.
    let check: @Sendable (_ body: JSON) -> Refusal?

    init(
        _ actions: CallAction..., isLater: Bool = false, check: @escaping @Sendable (JSON) -> Refusal? = { _ in nil }
    ) {
        self.actions = Set(actions)
        self.isLater = isLater
        self.check = check
    }
}

/// A definite no: it had no effect and will have none.
struct Refusal: Error, Hashable {
    /// The HTTP status, 4xx.
    let status: Int
    /// A sentence.
    let detail: String

    init(_ status: Int, _ detail: String) {
        self.status = status
        self.detail = detail
    }
}
