/// What somebody asks of a run's lease holder.
package struct InboxRequest: Sendable, Hashable {
    /// What kind of request.
    package enum Kind: Sendable, Hashable {
        /// Undo the run.
        case cancel(reason: String?)
        /// Try this step now; nil: all that a FAILED run gave up on.
        case retry(stepID: String?, reason: String? = nil)
        /// These steps were undone by hand.
        case resolve(stepIDs: [String], reason: String)
    }

    /// What is asked.
    package let kind: Kind
    /// Who asks; it goes into the history.
    package let sentBy: String

    package init(_ kind: Kind, sentBy: String) {
        self.kind = kind
        self.sentBy = sentBy
    }

    /// `run_inbox.kind`.
    package var name: String {
        switch kind {
        case .cancel: "cancel"
        case .retry: "retry"
        case .resolve: "resolve"
        }
    }

    /// `run_inbox.payload`.
    package var payload: JSON {
        switch kind {
        case .cancel(let reason): ["reason": JSON(reason)]
        case .retry(let stepID, let reason): ["stepId": JSON(stepID), "reason": JSON(reason)]
        case .resolve(let stepIDs, let reason):
            ["stepIds": .array(stepIDs.map { .string($0) }), "reason": .string(reason)]
        }
    }

    /// Reads the columns of `run_inbox`; nil when they hold no request we know.
    package init?(name: String, payload: JSON, sentBy: String) {
        switch name {
        case "cancel": kind = .cancel(reason: payload["reason"]?.string)
        case "retry": kind = .retry(stepID: payload["stepId"]?.string, reason: payload["reason"]?.string)
        case "resolve":
            // One step alone was once written as `stepId`.
            guard let listed = payload["stepIds"]?.array ?? payload["stepId"].map({ [$0] }),
                let reason = payload["reason"]?.string
            else { return nil }
            let stepIDs = listed.compactMap(\.string)
            guard !stepIDs.isEmpty, stepIDs.count == listed.count else { return nil }
            kind = .resolve(stepIDs: stepIDs, reason: reason)
        default: return nil
        }
        self.sentBy = sentBy
    }
}

/// A row of `run_inbox`.
package struct InboxRow: Sendable {
    /// Its id, by which it is consumed.
    package let inboxID: Int64
    /// The request; nil when it is none this version knows: then it is left unread for one that does.
    package let request: InboxRequest?

    package init(inboxID: Int64, request: InboxRequest?) {
        self.inboxID = inboxID
        self.request = request
    }
}
