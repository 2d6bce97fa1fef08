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
        /// End this step, which waits.
        case settle(stepID: String, Settlement, output: JSON?, reason: String)
        /// Begin nothing new.
        case pause(reason: String?, holdsDeadline: Bool)
        /// Go on.
        case resume(reason: String?)
        /// The end of an attempt that a participant accepted.
        case callback(stepID: String, CallAction, Callback)
        /// It is still at work.
        case heartbeat(stepID: String, CallAction)
        /// Take note of this.
        case signal(name: String, payload: JSON, key: String?)
        /// The child of a step has ended.
        case childEnded(stepID: String, ChildEnd)
        /// Undo a run that has completed.
        case undo(reason: String)
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
        case .settle: "settle"
        case .pause: "pause"
        case .resume: "resume"
        case .callback: "callback"
        case .heartbeat: "heartbeat"
        case .signal: "signal"
        case .childEnded: "child_ended"
        case .undo: "undo"
        }
    }

    /// `run_inbox.payload`.
    package var payload: JSON {
        switch kind {
        case .cancel(let reason): return ["reason": JSON(reason)]
        case .retry(let stepID, let reason): return ["stepId": JSON(stepID), "reason": JSON(reason)]
        case .resolve(let stepIDs, let reason):
            return ["stepIds": .array(stepIDs.map { .string($0) }), "reason": .string(reason)]
        case .settle(let stepID, let settlement, let output, let reason):
            var members: JSONObject = [
                "stepId": .string(stepID), "as": .string(settlement.rawValue), "reason": .string(reason),
            ]
            if let output { members["output"] = output }
            return .object(members)
        case .pause(let reason, let holdsDeadline):
            return ["reason": JSON(reason), "holdDeadline": .bool(holdsDeadline)]
        case .resume(let reason): return ["reason": JSON(reason)]
        case .callback(let stepID, let action, let callback):
            var members: JSONObject = [
                "stepId": .string(stepID), "action": .string(action.rawValue),
                "outcome": .string(callback.outcome.rawValue), "digest": .string(callback.digest),
            ]
            if let output = callback.output { members["output"] = output }
            if let error = callback.error { members["error"] = error }
            if let attempt = callback.attempt { members["attempt"] = JSON(attempt) }
            return .object(members)
        case .heartbeat(let stepID, let action):
            return ["stepId": .string(stepID), "action": .string(action.rawValue)]
        case .signal(let name, let payload, let key):
            var members: JSONObject = ["name": .string(name), "payload": payload]
            if let key { members["key"] = .string(key) }
            return .object(members)
        case .childEnded(let stepID, let end):
            var members: JSONObject = [
                "stepId": .string(stepID), "runId": .string(end.runID.description),
                "status": .string(end.status.rawValue),
            ]
            if let output = end.output { members["output"] = output }
            if let bytes = end.outputBytes { members["outputBytes"] = JSON(bytes) }
            if let error = end.error { members["error"] = error.json }
            if end.isFinal { members["pastPivot"] = true }
            return .object(members)
        case .undo(let reason): return ["reason": .string(reason)]
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
        case "settle":
            guard let stepID = payload["stepId"]?.string, let reason = payload["reason"]?.string,
                let settlement = payload["as"]?.string.flatMap({ Settlement(rawValue: $0) })
            else { return nil }
            kind = .settle(stepID: stepID, settlement, output: payload["output"], reason: reason)
        case "pause":
            kind = .pause(
                reason: payload["reason"]?.string, holdsDeadline: payload["holdDeadline"]?.bool ?? false)
        case "resume": kind = .resume(reason: payload["reason"]?.string)
        case "callback":
            guard let (stepID, action) = Self.attempt(payload), let digest = payload["digest"]?.string,
                let outcome = payload["outcome"]?.string.flatMap({ Callback.Outcome(rawValue: $0) })
            else { return nil }
            let callback = Callback(
                outcome: outcome, output: payload["output"], error: payload["error"],
                attempt: payload["attempt"]?.int, digest: digest)
            kind = .callback(stepID: stepID, action, callback)
        case "heartbeat":
            guard let (stepID, action) = Self.attempt(payload) else { return nil }
            kind = .heartbeat(stepID: stepID, action)
        case "signal":
            guard let name = payload["name"]?.string, let sent = payload["payload"] else { return nil }
            kind = .signal(name: name, payload: sent, key: payload["key"]?.string)
        case "child_ended":
            guard let stepID = payload["stepId"]?.string, let runID = payload["runId"]?.string.flatMap({ RunID($0) }),
                let status = payload["status"]?.string.flatMap({ RunStatus(rawValue: $0) })
            else { return nil }
            let end = ChildEnd(
                runID: runID, status: status, output: payload["output"],
                error: payload["error"].flatMap { Failure($0) },
                isFinal: payload["pastPivot"]?.bool ?? false, outputBytes: payload["outputBytes"]?.int)
            kind = .childEnded(stepID: stepID, end)
        case "undo":
            guard let reason = payload["reason"]?.string else { return nil }
            kind = .undo(reason: reason)
        default: return nil
        }
        self.sentBy = sentBy
    }
}

extension InboxRequest {
    fileprivate static func attempt(_ payload: JSON) -> (stepID: String, CallAction)? {
        guard let stepID = payload["stepId"]?.string,
            let action = payload["action"]?.string.flatMap({ CallAction(rawValue: $0) })
        else { return nil }
        return (stepID, action)
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
