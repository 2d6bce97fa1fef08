import Console
import Core
import HTTPTypes
import Hummingbird
import Storage

/// What is asked of many runs: first a page says of how many and which, then each of them is asked, some at a time.
///
/// How far it is stands in the address of the page that says so, sealed with the login's key: nothing is kept here, whoever stops or loses
/// the connection goes on from there, and nobody can make a link that asks something of other runs than its reader was shown.
struct ConsoleBulk: Sendable {
    /// Runs that are meant at once. Those that match beyond are counted as "more", and can be taken afterwards.
    static let most = 10_000
    /// Selected ones: a page has no more.
    static let mostChosen = 150

    // MARK: What is meant

    @Sendable func failed(_ visit: ConsoleVisit, _ form: ConsoleForm) async throws -> ConsoleAnswer {
        guard let workflow = form["workflow"] else {
            throw Problem(.invalidContent, "The form names no group.")
        }
        let key = FailedGroup.Key(workflow: workflow, stepID: form["stepId"], error: form["error"] ?? "")
        return try await confirm(.failed(key), visit, form)
    }

    @Sendable func runs(_ visit: ConsoleVisit, _ form: ConsoleForm) async throws -> ConsoleAnswer {
        try await confirm(.list(RunFilter { form[$0] }), visit, form)
    }

    /// Says how many, and asks whether.
    private func confirm(
        _ source: BulkWork.Source, _ visit: ConsoleVisit, _ form: ConsoleForm
    ) async throws -> ConsoleAnswer {
        guard let action = form["action"].flatMap({ BulkWork.Action(rawValue: $0) }) else {
            throw Problem(.invalidContent, "The form names nothing that can be done.")
        }
        var work = BulkWork(action, of: source)
        guard work.isPossible else { throw Problem(.invalidContent, "The form names nothing that can be done.") }
        var samples: [RunSummary] = []
        // The runs of a group are all of it, where none is selected.
        if form["of"] == "chosen" || (form["of"] == nil && !form.all("runId").isEmpty) {
            let chosen = form.all("runId").filter { RunID($0) != nil }
            guard chosen.count <= Self.mostChosen else {
                throw Problem(.invalidContent, "At most \(Self.mostChosen) runs can be selected at once.")
            }
            (work.chosen, work.total) = (chosen, chosen.count)
            for id in chosen.prefix(5) {
                if let run = try await ConsoleRunPages.view(of: id, visit)?.run { samples.append(run) }
            }
        } else {
            var cursor: String?
            repeat {
                let page = try await work.page(after: cursor, limit: 500, visit)
                if samples.count < 5 { samples += page.items.prefix(5 - samples.count).map(\.run) }
                if work.first == nil { work.first = page.items.first?.run.id }
                work.total += page.items.count
                cursor = page.next
            } while cursor != nil && work.total < Self.most
            work.isMore = cursor != nil || work.total > Self.most
            work.total = min(work.total, Self.most)
        }
        let page = BulkPage(
            work.title, work.consequence, count: work.total, isMore: work.isMore, samples: samples,
            path: visit.paths.bulkGo, fields: [("state", work.sealed(by: visit.secret))],
            back: work.place(visit.paths), needsReason: work.action == .resolve, visit.frame)
        return .page(page.html)
    }

    // MARK: Asking

    /// Asks some more of them.
    @Sendable func goOn(_ visit: ConsoleVisit, _ form: ConsoleForm) async throws -> ConsoleAnswer {
        var work = try BulkWork(form["state"], sealedBy: visit.secret)
        if let reason = form["reason"] { work.reason = String(reason.prefix(1000)) }
        if work.action == .resolve, work.reason == nil { throw Problem(.invalidContent, "A reason is needed.") }
        if !work.isOver { try await work.ask(visit) }
        return .seeOther(Paths.query(visit.paths.bulkProgress, [("state", work.sealed(by: visit.secret))]))
    }

    @Sendable func progress(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let work = try BulkWork(visit.query["state"], sealedBy: visit.secret)
        let progress = BulkProgressPage.Progress(
            title: work.title, total: work.total, done: work.done, failed: work.failed,
            failedCount: work.failedCount, isOver: work.isOver, isMore: work.isMore)
        return .page(
            BulkProgressPage(
                progress, state: work.sealed(by: visit.secret), back: work.place(visit.paths), visit.frame
            ).html)
    }
}
