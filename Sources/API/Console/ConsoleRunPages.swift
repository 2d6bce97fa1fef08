import Console
import Core
import HTTPTypes
import Hummingbird

/// The list of runs, and one run.
struct ConsoleRunPages: Sendable {
    /// Where a run's trace and logs are.
    let links: RunLinks
    private let histories = KnownHistories()

    init(links: RunLinks) { self.links = links }

    /// Rows of a page; with their markup they stay under 100 kB.
    private static let rows = 50
    /// Events of a page.
    private static let events = 150
    /// Pages of 2000 events at most that a timeline is drawn of.
    private static let historyPages = 10

    @Sendable func list(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let query = visit.query
        if let find = query["find"] { return try await Self.find(find, visit) }
        let filter = RunFilter({ query[$0] }, columns: query.all("column"))
        let members = filter.members + [("cursor", filter.cursor), ("limit", String(Self.rows))]
        let json = try await visit.get("/v1/runs", [], members)
        let runs = json["runs"]?.array?.compactMap { RunSummary($0) } ?? []
        let next = json["nextCursor"]?.string
        // It has fewer than were asked for and goes on: there is where the search for them ended.
        let looked = runs.count < Self.rows ? next.flatMap { Cursor($0)?.last } : nil
        let page = RunsPage(
            runs, filter, nextCursor: next, lookedSince: looked?.madeAt, choices: try await Self.choices(filter, visit),
            visit.frame)
        return .page(page.html)
    }

    private static func choices(_ filter: RunFilter, _ visit: ConsoleVisit) async throws -> RunsPage.Choices {
        var choices = RunsPage.Choices()
        guard visit.frame.may("workflows:read") else { return choices }
        let names = try await visit.get("/v1/workflows", [], [("limit", "200")])["workflows"]?.array ?? []
        choices.workflows = names.compactMap { $0["name"]?.string }
        let asked = names.first { $0["name"]?.string == filter.workflow }
        guard let workflow = filter.workflow, let asked else { return choices }
        choices.versions = asked["versions"]?.array?.compactMap { $0["version"]?.string ?? $0.string } ?? []
        guard let version = filter.version ?? asked["latest"]?.string ?? choices.versions.first else { return choices }
        let definition = try await definition(workflow, version, visit)
        choices.steps = definition?.steps.map(\.id) ?? []
        return choices
    }

    /// By id, or else by correlation id.
    private static func find(_ text: String, _ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        if let id = RunID(text.lowercased()) {
            do {
                _ = try await visit.get("/v1/runs/:runId", [id.description])
                return .seeOther(visit.paths.run(id.description))
            } catch let problem as Problem where problem.kind == .unknownRun {}
        }
        return .seeOther(Paths.query(visit.paths.runs, [("correlationId", text)]))
    }

    @Sendable func show(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let id = try visit.pathText("runId")
        guard var view = try await Self.view(of: id, visit) else { throw Problem.unknownRun }
        let after = visit.query["after"].flatMap { Int($0) }.flatMap { $0 >= 0 ? $0 : nil }
        try await addEvents(to: &view, after: after, id, visit)
        view.links = links
        return .page(RunPage(view, visit.frame).html)
    }

    /// A run as its page shows it, without its events.
    static func view(of id: String, _ visit: ConsoleVisit) async throws -> RunView? {
        guard var view = RunView(try await visit.get("/v1/runs/:runId", [id])) else { return nil }
        view.definition = try await definition(view.run.workflow, view.run.version, visit)
        view.possible = PossibleActions(try await visit.get("/v1/runs/:runId/actions", [id]))
        return view
    }

    /// Nil where it can't be read, or is not for this reader.
    private static func definition(
        _ name: String, _ version: String, _ visit: ConsoleVisit
    ) async throws -> WorkflowDefinition? {
        do {
            let json = try await visit.getIfAllowed("/v1/workflows/:name/:version", [name, version])
            return try json?["definition"].map { try WorkflowDefinition($0) }
        } catch is DefinitionErrors {
            return nil  // of a newer release
        } catch let problem as Problem where problem.kind == .unknownWorkflow {
            return nil  // the calls after an end have none of their own
        }
    }

    /// - Parameter after: from there on; nil for the latest.
    private func addEvents(
        to view: inout RunView, after: Int?, _ id: String, _ visit: ConsoleVisit
    ) async throws {
        view.after = after ?? 0
        if let after, after > 0 {
            let page = try await Self.page(of: id, after: after, visit)
            view.events = Array(page.events.prefix(Self.events))
            view.nextAfter = view.events.count < page.events.count ? view.events.last?.sequence : page.next
            return
        }
        let last = try await addHistory(to: &view, id, visit)
        // Pages of the same five seconds are the same.
        view.now = Instant(microseconds: Instant.now.microseconds / 5_000_000 * 5_000_000)
        if after == 0 {
            let first = last.after == 0 ? last : try await Self.page(of: id, after: 0, visit)
            view.events = Array(first.events.prefix(Self.events))
            view.nextAfter = view.events.count < first.events.count ? view.events.last?.sequence : first.next
        } else {
            var latest = last.events
            if latest.count < Self.events, last.after > 0 {
                latest = try await Self.page(of: id, after: max(0, view.historyEnd - Self.events), visit).events
            }
            view.events = latest.suffix(Self.events)
            view.nextAfter = last.next
            view.hasEarlier = (view.events.first?.sequence ?? 1) > 1
        }
    }

    private typealias EventPage = (after: Int, events: [EventView], next: Int?)

    private static func page(of id: String, after: Int, _ visit: ConsoleVisit) async throws -> EventPage {
        let json = try await visit.get("/v1/runs/:runId/events", [id], [("after", String(after))])
        return (after, json["events"]?.array?.compactMap { EventView($0) } ?? [], json["nextAfter"]?.int)
    }

    /// What the timeline shows, from the first event on.
    ///
    /// - Returns: the last page of it.
    private func addHistory(to view: inout RunView, _ id: String, _ visit: ConsoleVisit) async throws -> EventPage {
        var last: EventPage = (0, [], 0)
        var pages = 0
        while let after = last.next, pages < Self.historyPages {
            pages += 1
            if let known = histories.page(of: id, after: after) {
                view.history += known.events
                (last, view.historyEnd) = ((after, [], known.next), known.next)
                continue
            }
            let page = try await Self.page(of: id, after: after, visit)
            let shown = page.events.compactMap(\.onTimeline)
            view.history += shown
            if let next = page.next {
                histories.keep(KnownHistories.Page(events: shown, next: next), of: id, after: after)
            }
            view.historyEnd = page.events.last?.sequence ?? view.historyEnd
            last = page
        }
        view.hasMoreHistory = last.next != nil
        return last
    }

    /// The events of a run as they happen.
    @Sendable func stream(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        var headers = visit.headers
        headers[.accept] = "text/event-stream"
        headers[.lastEventID] = visit.request.headers[.lastEventID] ?? visit.query["after"]
        var context = visit.context
        context.isLoggedIn = visit.isLoggedIn
        return .whole(
            try await visit.api.call(
                .get, "/v1/runs/:runId/events", [try visit.pathText("runId")], headers: headers, visit.request,
                context))
    }

    /// The whole run, payloads that are too large for a page included.
    @Sendable func json(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        var response = try await visit.api.call(
            .get, "/v1/runs/:runId", [try visit.pathText("runId")], headers: visit.headers, visit.request,
            visit.context, isWhole: true)
        response.headers[.cacheControl] = "no-store"
        return .whole(response)
    }
}

extension RunID {
    /// When it was made, by its own word.
    var madeAt: Instant { Instant(microseconds: Int64(high >> 16) * 1000) }
}
