import Console
import Core
import Hummingbird
import Storage

/// What is asked of many runs at once: first a page says of how many and which, then each of them is asked.
struct ConsoleBulk: Sendable {
    /// Runs that are asked at once, one after the other few at a time.
    private static let most = 500
    private static let atOnce = 8

    // MARK: Failed runs

    @Sendable func failed(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let query = visit.query
        let key = query["workflow"].map {
            FailedGroup.Key(workflow: $0, stepID: query["stepId"], error: query["error"] ?? "")
        }
        let (runs, isMore) = try await ConsoleNow.failed(visit, [("workflow", key?.workflow)])
        return .page(FailedPage(runs, isMore: isMore, key: key, visit.frame).html)
    }

    @Sendable func retryFailed(_ visit: ConsoleVisit, _ form: ConsoleForm) async throws -> ConsoleAnswer {
        guard let workflow = form["workflow"], let action = form["action"], ["retry", "resolve"].contains(action) else {
            throw Problem(.invalidContent, "The form names nothing that can be done.")
        }
        let key = FailedGroup.Key(workflow: workflow, stepID: form["stepId"], error: form["error"] ?? "")
        let back = Paths.query(
            visit.paths.failed, [("workflow", workflow), ("stepId", key.stepID), ("error", key.error)])
        let (all, isMore) = try await ConsoleNow.failed(visit, [("workflow", workflow)])
        let isSure = form["sure"] == "yes"
        let chosen = Set(form.all("runId"))
        let meant = all.filter {
            $0.group == key && (!(isSure || form["of"] == "chosen") || chosen.contains($0.run.id))
        }
        guard isSure else {
            let fields = [
                ("workflow", workflow), ("action", action), ("stepId", key.stepID ?? ""), ("error", key.error),
            ]
            let isResolve = action == "resolve"
            let page = BulkPage(
                isResolve ? "Resolve by hand" : "Retry",
                isResolve
                    ? "In each of them the undo that gave up counts as done by hand: its participant is not called any more."
                    : "In each of them every undo that gave up is tried again, with all its attempts.",
                meant.map(\.run), isMore: isMore && form["of"] != "chosen", path: visit.paths.retryMany, fields: fields,
                back: back, needsReason: isResolve, takesReason: true, visit.frame)
            return .page(page.html)
        }
        let reason = form["reason"]
        let done = try await each(meant) { failed in
            var body: JSONObject = [:]
            if let reason { body["reason"] = .string(reason) }
            if action == "resolve" {
                body["stepIds"] = .array(failed.steps.map { .string($0.id) })
                body["resolution"] = "compensated"
            }
            try await visit.post("/v1/admin/runs/:runId/\(action)", [failed.run.id], .object(body))
        }
        return .seeOther(result(visit.paths.failed, [], done, of: meant.count))
    }

    // MARK: Runs of a list

    @Sendable func runs(_ visit: ConsoleVisit, _ form: ConsoleForm) async throws -> ConsoleAnswer {
        guard let action = form["action"].flatMap({ BulkAction(rawValue: $0) }) else {
            throw Problem(.invalidContent, "The form names nothing that can be done.")
        }
        let filter = RunFilter { form[$0] }
        if form["sure"] == "yes" {
            let ids = Array(form.all("runId").prefix(Self.most))
            let done = try await each(ids) { try await ask(action, $0, form["reason"], visit) }
            return .seeOther(result(visit.paths.runs, filter.members, done, of: ids.count))
        }
        let chosen = form.all("runId")
        let isAll = form["of"] == "all"
        let json = try await visit.get("/v1/runs", [], filter.members + [("limit", String(Self.most))])
        var runs = json["runs"]?.array?.compactMap { RunSummary($0) } ?? []
        if !isAll { runs = try await pick(chosen, from: runs, visit) }
        let page = BulkPage(
            action.title, action.consequence, runs, isMore: isAll && json["nextCursor"]?.string != nil,
            path: visit.paths.bulk,
            fields: [("action", action.rawValue)]
                + filter.members.compactMap { name, value in value.map { (name, $0) } },
            back: Paths.query(visit.paths.runs, filter.members), needsReason: false, takesReason: true, visit.frame)
        return .page(page.html)
    }

    /// Those that were selected, on whatever page.
    private func pick(_ ids: [String], from runs: [RunSummary], _ visit: ConsoleVisit) async throws -> [RunSummary] {
        let known = Dictionary(runs.map { ($0.id, $0) }) { first, _ in first }
        var picked: [RunSummary] = []
        for id in ids.prefix(Self.most) {
            if let run = known[id] {
                picked.append(run)
            } else if RunID(id) != nil, let run = try await ConsoleRunPages.view(of: id, visit)?.run {
                picked.append(run)
            }
        }
        return picked
    }

    private func ask(_ action: BulkAction, _ id: String, _ reason: String?, _ visit: ConsoleVisit) async throws {
        let body: JSON = .object(reason.map { ["reason": .string($0)] } ?? JSONObject())
        switch action {
        case .cancel: try await visit.post("/v1/runs/:runId/cancel", [id], body)
        case .pause: try await visit.post("/v1/runs/:runId/pause", [id], body)
        case .resume: try await visit.post("/v1/runs/:runId/resume", [id], body)
        case .retry: try await visit.post("/v1/admin/runs/:runId/retry", [id], body)
        }
    }

    /// How many of them could be asked. What stands otherwise by now is left; what is wrong with everything ends it.
    private func each<T: Sendable>(
        _ items: [T], _ work: @escaping @Sendable (T) async throws -> Void
    ) async throws -> Int {
        try await withThrowingTaskGroup(of: Bool.self) { tasks in
            var (rest, done) = (items[...], 0)
            for _ in 0..<Self.atOnce {
                guard let item = rest.popFirst() else { break }
                tasks.addTask { try await Self.isDone { try await work(item) } }
            }
            while let isDone = try await tasks.next() {
                if isDone { done += 1 }
                if let item = rest.popFirst() { tasks.addTask { try await Self.isDone { try await work(item) } } }
            }
            return done
        }
    }

    private static func isDone(_ work: () async throws -> Void) async throws -> Bool {
        do {
            try await work()
            return true
        } catch let problem as Problem where [404, 409].contains(problem.kind.status.code) {
            return false
        }
    }

    private func result(_ path: String, _ filter: [(String, String?)], _ done: Int, of count: Int) -> String {
        Paths.query(path, filter + [("did", "bulk"), ("done", String(done)), ("not", String(count - done))])
    }
}
