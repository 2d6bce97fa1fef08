import Core
import Postgres

/// What comes to a run from outside: signals, and the ends of what participants accepted.
extension RunInbox {
    func signal(
        _ runID: RunID, _ request: InboxRequest, _ name: String, bytes: Int, audit: AuditAction?, _ origin: CallOrigin
    ) async throws(StoreError) -> InboxOutcome {
        for _ in 0..<Self.looks {
            guard let (found, status) = try await reader.standing(of: runID) else { return .unknownRun }
            if let status, status.isTerminal { return .terminal(status) }
            guard let standing = found else { return .later }
            if let names = standing.signalNames, !names.contains(name) { return .unknownSignal }
            guard standing.isGoingForward else { return .turnedBack }
            let statement = SendSignal(
                runID: runID, request: request, bytes: bytes, waiting: standing.signals, action: audit, origin: origin)
            switch try await sendUnlocked(statement) {
            case .asked: return .accepted
            case .full: return .tooManySignals
            case .locked, nil: break
            }
        }
        return .later
    }

    /// The same again is answered as the first; a run that no longer waits says how its end was told.
    func callback(
        _ runID: RunID, _ request: InboxRequest, _ stepID: String, _ action: CallAction, _ callback: Callback
    ) async throws(StoreError) -> InboxOutcome {
        for _ in 0..<Self.looks {
            guard let (found, _) = try await reader.standing(of: runID) else { return .unknownRun }
            guard let standing = found, let index = standing.index(of: stepID) else { return .later }
            guard standing.takesCallback(step: index, action) else {
                // Taken up again it waits for this as before.
                if standing.isQuarantined { return .later }
                let told = try await reader.callbacks(of: runID, stepID: stepID, action)
                if told.isEmpty { return .callbackOver }
                return told.contains(callback.digest) ? .accepted : .callbackDiffers
            }
            if let kept = standing.callbacks.first(where: { $0.step == index && $0.action == action })?.callback {
                return kept.digest == callback.digest ? .accepted : .callbackDiffers
            }
            switch try await sendUnlocked(SendCallback(runID: runID, request: request)) {
            case .asked: return .accepted
            case .full: return .callbackDiffers
            case .locked, nil: break
            }
        }
        return .later
    }

    /// Nothing is written for a sign of life that comes soon after the last one.
    func heartbeat(
        _ runID: RunID, _ request: InboxRequest, _ stepID: String, _ action: CallAction
    ) async throws(StoreError) -> InboxOutcome {
        guard let now = try await reader.now() else { throw .unavailable(.decoding("there is a clock")) }
        for _ in 0..<Self.looks {
            guard let (found, _) = try await reader.standing(of: runID) else { return .unknownRun }
            guard let standing = found, let index = standing.index(of: stepID) else { return .later }
            if standing.isQuarantined { return .later }
            guard standing.takesCallback(step: index, action) else { return .callbackOver }
            guard let accepted = standing.accepted.first(where: { $0.step == index }),
                let heartbeat = accepted.heartbeat, let beatBy = accepted.beatBy,
                now >= beatBy - heartbeat + heartbeat / AcceptedAttempt.heartbeatShare
            else { return .accepted }
            if try await send(SendToRun(runID: runID, request: request)) { return .accepted }
        }
        return .later
    }
}
