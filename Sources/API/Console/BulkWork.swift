import Basics
import Console
import Core
import Crypto
import Hummingbird

/// Something that is asked of many runs, and how far it is.
struct BulkWork: Sendable {
    enum Action: String, Sendable {
        case cancel, pause, resume, retry, resolve

        fileprivate var ofList: BulkAction? { BulkAction(rawValue: rawValue) }
    }

    /// Whether it can be asked of such runs.
    var isPossible: Bool {
        switch source {
        case .list: action.ofList != nil
        case .failed: action == .retry || action == .resolve
        }
    }

    var title: String {
        if case .failed = source, action == .retry { return "Retry" }
        return action.ofList?.title ?? "Resolve by hand"
    }

    var consequence: String {
        action.ofList?.consequence
            ?? "In each of them the undo of \(resolvedStep) counts as done by hand: its participant is not called any more. Others that gave up, too, stay as they are."
    }

    private var resolvedStep: String {
        guard case .failed(let key) = source, let step = key.stepID else { return "every step that gave up" }
        return step
    }

    /// Among which runs.
    enum Source: Sendable {
        case list(RunFilter)
        case failed(FailedGroup.Key)
    }

    /// One of them.
    struct Item: Sendable {
        let run: RunSummary
        /// Undos that gave up.
        var steps: [String] = []
    }

    let action: Action
    let source: Source
    /// These alone; nil for all that match.
    var chosen: [String]?
    /// The newest when it was confirmed: what was started later was not meant.
    var first: String?
    var total = 0
    var isMore = false
    var reason: String?
    var cursor: String?
    var done = 0
    var failedCount = 0
    var failed: [(id: String, reason: BulkProgressPage.Reason)] = []
    var isOver = false

    /// Failures that are named.
    private static let mostNamed = 20
    /// With each press: so many runs, or so long, whichever comes first.
    private static let batch = 200
    private static let patience: Duration = .seconds(2)
    private static let atOnce = 8

    init(_ action: Action, of source: Source) {
        self.action = action
        self.source = source
    }

    /// Where the runs are listed.
    func place(_ paths: Paths) -> String {
        switch source {
        case .list(let filter): Paths.query(paths.runs, filter.members)
        case .failed(let key): Paths.query(paths.failed, key.members)
        }
    }

    // MARK: Which

    /// The next of them, the newest first, and where it goes on; nil at the end.
    func page(
        after cursor: String?, limit: Int, _ visit: ConsoleVisit
    ) async throws -> (items: [Item], next: String?) {
        let (items, next): ([Item], String?)
        switch source {
        case .list(let filter):
            let query = filter.members + [("limit", String(limit)), ("cursor", cursor)]
            let json = try await visit.get("/v1/runs", [], query)
            items = json["runs"]?.array?.compactMap { RunSummary($0).map { Item(run: $0) } } ?? []
            next = json["nextCursor"]?.string
        case .failed(let key):
            let page = try await ConsoleFailed.page(of: key, after: cursor, limit: limit, visit)
            items = page.runs.map { Item(run: $0.run, steps: Self.steps($0.steps.map(\.id), of: key)) }
            next = page.next
        }
        // Ids are in the order in which runs were started.
        return (first.map { first in items.filter { $0.run.id <= first } } ?? items, next)
    }

    /// The selected ones that come next.
    private mutating func nextChosen(_ visit: ConsoleVisit) async throws -> [Item] {
        let ids = chosen?.prefix(Self.batch / 4) ?? []
        chosen?.removeFirst(ids.count)
        var items: [Item] = []
        for id in ids {
            do {
                guard let view = try await ConsoleRunPages.view(of: id, visit) else { continue }
                var steps = view.allSteps.filter { $0.compensationStatus == "FAILED" }.map(\.id)
                if case .failed(let key) = source { steps = Self.steps(steps, of: key) }
                items.append(Item(run: view.run, steps: steps))
            } catch let problem as Problem where problem.kind == .unknownRun { note(id, .gone) }
        }
        return items
    }

    /// What is put right by hand in a group is the undo that it is about: others that gave up in the same run are not, and a run with
    /// such a one stays FAILED.
    private static func steps(_ gaveUp: [String], of key: FailedGroup.Key) -> [String] {
        guard let step = key.stepID else { return gaveUp }
        return gaveUp.filter { StepID.step($0) == step }
    }

    // MARK: Asking

    /// Asks the next ones. What stands otherwise by now is left; what is wrong with everything ends it.
    mutating func ask(_ visit: ConsoleVisit) async throws {
        let begin = ContinuousClock.now
        var asked = 0
        // Selected ones are few, and too long for an address.
        while !isOver, chosen != nil || (asked < Self.batch && ContinuousClock.now - begin < Self.patience) {
            let items: [Item]
            if chosen != nil {
                items = try await nextChosen(visit)
                isOver = chosen?.isEmpty ?? true
            } else {
                // As many as were confirmed, and no more.
                let room = total - done - failedCount
                let page = try await self.page(after: cursor, limit: max(1, min(100, room)), visit)
                items = page.items
                cursor = page.next
                isOver = page.next == nil || items.count >= room
            }
            asked += items.count
            try await ask(items, visit)
        }
    }

    private mutating func ask(_ items: [Item], _ visit: ConsoleVisit) async throws {
        let (action, reason) = (action, reason)
        let outcomes = try await withThrowingTaskGroup(of: (String, BulkProgressPage.Reason?).self) { tasks in
            var (rest, outcomes) = (items[...], [(String, BulkProgressPage.Reason?)]())
            func add(_ item: Item) {
                tasks.addTask { (item.run.id, try await Self.ask(action, item, reason, visit)) }
            }
            for _ in 0..<Self.atOnce { if let item = rest.popFirst() { add(item) } }
            while let outcome = try await tasks.next() {
                outcomes.append(outcome)
                if let item = rest.popFirst() { add(item) }
            }
            return outcomes
        }
        for (id, reason) in outcomes {
            if let reason { note(id, reason) } else { done += 1 }
        }
    }

    private mutating func note(_ id: String, _ reason: BulkProgressPage.Reason) {
        failedCount += 1
        if failed.count < Self.mostNamed { failed.append((id, reason)) }
    }

    /// - Returns: why it could not be asked; nil where it was.
    private static func ask(
        _ action: Action, _ item: Item, _ reason: String?, _ visit: ConsoleVisit
    ) async throws -> BulkProgressPage.Reason? {
        var body: JSONObject = reason.map { ["reason": .string($0)] } ?? [:]
        let path: String
        switch action {
        case .cancel: path = "/v1/runs/:runId/cancel"
        case .pause: path = "/v1/runs/:runId/pause"
        case .resume: path = "/v1/runs/:runId/resume"
        case .retry: path = "/v1/admin/runs/:runId/retry"
        case .resolve:
            if item.steps.isEmpty { return .changed }
            path = "/v1/admin/runs/:runId/resolve"
            body["stepIds"] = .array(item.steps.map { .string($0) })
            body["resolution"] = "compensated"
        }
        do {
            try await visit.post(path, [item.run.id], .object(body))
            return nil
        } catch let problem as Problem where [404, 409].contains(problem.kind.status.code) {
            return problem.kind.status.code == 404 ? .gone : .changed
        }
    }
}

// MARK: As it stands in an address

extension BulkWork {
    private func mac(_ text: String, _ secret: ConsoleSecret) -> String {
        let key = SymmetricKey(data: Array("bulk \(secret.formToken)".utf8))
        return Base64URL.encode(Array(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: key)))
    }

    func sealed(by secret: ConsoleSecret) -> String {
        var object: JSONObject = [
            "action": .string(action.rawValue), "total": JSON(total), "isMore": .bool(isMore), "done": JSON(done),
            "failedCount": JSON(failedCount), "isOver": .bool(isOver),
            "named": .array(failed.map { [.string($0.id), .string($0.reason.rawValue)] }),
        ]
        let (kind, members) =
            switch source {
            case .list(let filter): ("list", filter.members)
            case .failed(let key): ("group", key.members)
            }
        object[kind] = .object(members.reduce(into: JSONObject()) { $0[$1.0] = $1.1.map { .string($0) } })
        object["chosen"] = chosen.map { .array($0.map { .string($0) }) }
        for (name, value) in [("first", first), ("reason", reason), ("cursor", cursor)] {
            object[name] = value.map { .string($0) }
        }
        let text = Base64URL.encode(JSON.object(object).bytes)
        return "\(text).\(mac(text, secret))"
    }

    /// - Throws: a problem for what this login has not sealed.
    init(_ sealed: String?, sealedBy secret: ConsoleSecret) throws(Problem) {
        let parts = sealed?.split(separator: ".") ?? []
        guard parts.count == 2, let bytes = Base64URL.decode(String(parts[0])), let json = try? JSON(parsing: bytes),
            let action = json["action"]?.string.flatMap({ Action(rawValue: $0) })
        else { throw Self.unknown }
        func text(_ object: JSON?, _ name: String) -> String? { object?[name]?.string }
        if let list = json["list"] {
            self.init(action, of: .list(RunFilter { text(list, $0) }))
        } else {
            let group = json["group"]
            guard let workflow = text(group, "workflow") else { throw Self.unknown }
            self.init(
                action,
                of: .failed(
                    .init(workflow: workflow, stepID: text(group, "stepId"), error: text(group, "error") ?? "")))
        }
        guard SecretDigest(of: mac(String(parts[0]), secret)).fits(SecretDigest(of: String(parts[1]))) else {
            throw Self.unknown
        }
        (first, reason, cursor) = (text(json, "first"), text(json, "reason"), text(json, "cursor"))
        (total, done, failedCount) = (json["total"]?.int ?? 0, json["done"]?.int ?? 0, json["failedCount"]?.int ?? 0)
        (isMore, isOver) = (json["isMore"]?.bool ?? false, json["isOver"]?.bool ?? false)
        chosen = json["chosen"]?.array?.compactMap(\.string)
        failed =
            json["named"]?.array?.compactMap { named in
                guard let id = named[0]?.string,
                    let reason = named[1]?.string.flatMap({ BulkProgressPage.Reason(rawValue: $0) })
                else { return nil }
                return (id, reason)
            } ?? []
    }

    private static let unknown = Problem(
        .invalidParameter, "This address was made by another login, or is not whole. Begin again with the list of runs."
    )
}
