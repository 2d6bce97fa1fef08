package import Core

/// One line of a participant's ledger: a request it received, or an effect it made.
package struct LedgerEntry: Sendable {
    /// What the line tells of.
    package enum Kind: String, Sendable {
        case received, effect, undo, replayed, rejected, conflict
        case nullCompensation = "null_compensation"
        case refusedLate = "refused_late"
        case injectedBefore = "injected_before"
        case injectedAfter = "injected_after"
    }

    package let participant: String
    package let at: Instant
    package let stepID: String
    package let action: CallAction
    package let attempt: Int
    package let bodyHash: String
    package let kind: Kind
    /// 1 an effect was made, -1 it was undone, 0 neither.
    package let effect: Int

    package init(
        participant: String, at: Instant, stepID: String, action: CallAction, attempt: Int, bodyHash: String,
        kind: Kind, effect: Int
    ) {
        self.participant = participant
        self.at = at
        self.stepID = stepID
        self.action = action
        self.attempt = attempt
        self.bodyHash = bodyHash
        self.kind = kind
        self.effect = effect
    }
}
