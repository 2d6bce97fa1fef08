internal import Audit
internal import Core
internal import NIOPosix
internal import Participants

/// Reads whole ledgers over HTTP, page by page.
enum LedgerReader {
    private static let pageSize = 2000

    /// `GET /ledger` of every participant.
    ///
    /// - Parameters:
    ///   - ledgers: base URLs by name. Of several of one name none is judged by unless all are told.
    ///   - isRequired: a participant without a ledger, or that does not tell it, is an error; otherwise it is noted.
    static func read(_ ledgers: [String: [String]], isRequired: Bool) async throws(CheckerError) -> Ledgers {
        var all = Ledgers(participants: ledgers.count)
        if ledgers.isEmpty { return all }
        var configuration = ParticipantClient.Configuration()
        configuration.maxResponseBytes = 64 << 20
        let client: ParticipantClient
        do throws(ParticipantsError) {
            client = try ParticipantClient(
                eventLoopGroup: MultiThreadedEventLoopGroup.singleton, configuration: configuration)
        } catch { throw .ledger(participant: "any", "\(error)") }
        var failure: CheckerError?
        let places = ledgers.sorted { $0.key < $1.key }.flatMap { name, urls in urls.map { (name, $0) } }
        for (name, url) in places where failure == nil {
            do throws(CheckerError) {
                guard try await !read(name, url, client, into: &all) else { continue }
                all.noteMissing(name)
                if isRequired { failure = .ledger(participant: name, "it keeps none: GET \(url)/ledger") }
            } catch {
                if isRequired { failure = error } else { all.noteUnread(name, error.reason) }
            }
        }
        await client.shutdown()
        if let failure { throw failure }
        return all
    }

    /// False when there is no ledger.
    private static func read(
        _ name: String, _ url: String, _ client: ParticipantClient, into all: inout Ledgers
    ) async throws(CheckerError) -> Bool {
        let base: BaseURL
        do throws(ParticipantsError) { base = try BaseURL(parsing: url) } catch {
            throw .ledger(participant: name, "\(error)")
        }
        var after = 0
        while true {
            let path = "/ledger?after=\(after)&limit=\(pageSize)"
            let page = try await get(
                ParticipantCall(method: "GET", baseURL: base, path: path, timeout: .seconds(30)), name, client)
            guard let entries = page?["entries"]?.array else {
                guard after == 0 else { throw .ledger(participant: name, "no entries in \(path)") }
                return false
            }
            for json in entries {
                guard let run = json["runId"]?.string, let entry = entry(json, of: name) else {
                    throw .ledger(participant: name, "this is no entry: \(json.text)")
                }
                // Whoever tries a participant by hand makes up a run; ours are UUIDs.
                if let runID = RunID(run) { all.add(entry, of: runID) } else { all.noteForeign() }
            }
            guard let next = page?["next"]?.int else { return true }
            after = next
        }
    }

    /// Nil when there is nothing of the kind: 404, 405, 410, 501, or an answer that is no JSON.
    private static func get(
        _ call: ParticipantCall, _ name: String, _ client: ParticipantClient
    ) async throws(CheckerError) -> JSON? {
        switch await client.send(call) {
        case .response(200, _, _, let body, _, _): return try? JSON(parsing: body)
        case .response(404, _, _, _, _, _), .response(405, _, _, _, _, _), .response(410, _, _, _, _, _),
            .response(501, _, _, _, _, _):
            return nil
        case .response(let status, _, _, _, _, _): throw .ledger(participant: name, "it answered \(status)")
        case .notSent(let failure), .unknown(let failure): throw .ledger(participant: name, failure.message)
        }
    }

    private static func entry(_ json: JSON, of participant: String) -> LedgerEntry? {
        guard let stepID = json["stepId"]?.string,
            let action = json["action"]?.string.flatMap({ CallAction(rawValue: $0) }),
            let at = json["at"]?.string.flatMap({ Instant($0) }), let attempt = json["attempt"]?.int,
            let bodyHash = json["bodyHash"]?.string, let effect = json["effect"]?.int,
            let kind = json["kind"]?.string.flatMap({ LedgerEntry.Kind(rawValue: $0) })
        else { return nil }
        return LedgerEntry(
            participant: participant, at: at, stepID: stepID, action: action, attempt: attempt, bodyHash: bodyHash,
            kind: kind, effect: effect)
    }
}
