import Core
import Hummingbird
import Storage

/// Where requests to runs go, from whatever route: routes differ in who may ask, not in what may be asked or what is
/// answered.
struct RunDoor: Sendable {
    let inbox: RunInbox
    let notifier: OutboxNotifier

    /// - Throws: the problem that stands in the way; see `Problem.init(_: InboxOutcome)`.
    func ask(
        _ runID: RunID, _ request: InboxRequest, from origin: CallOrigin = .unknown, isAudited: Bool = true
    ) async throws -> Response {
        if let problem = Problem(try await inbox.ask(runID, request, from: origin, isAudited: isAudited)) {
            throw problem
        }
        notifier.wake()
        notifier.inboxFilled(runID)
        let text = runID.description
        return .json(.accepted, ["runId": .string(text)], headers: [.location: "/v1/runs/\(text)"])
    }
}
