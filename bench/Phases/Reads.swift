import Core
import NIOCore

/// How long the API takes to tell what happened, with finished runs in the tables and nothing else to do.
struct Reads: Encodable, Sendable {
    let finishedRuns: Int
    /// `GET /v1/runs/{id}`.
    let runMs: Percentiles
    /// `GET /v1/runs/{id}/events`.
    let eventsMs: Percentiles
    /// `GET /v1/runs?limit=500`.
    let listMs: Percentiles
    /// Of one answer each.
    let bytes: Bytes

    struct Bytes: Encodable, Sendable {
        let run: Int
        let events: Int
        let list: Int
    }

    /// How many runs a list is asked for.
    static let listed = 500
}

extension Session {
    func reads() async throws -> Reads {
        try await mainSystem()
        _ = try await system.closedLoop(sizes.halfRuns)
        return try await system.reads(of: sizes.halfRuns, asking: sizes.reads)
    }
}

extension MeasuredSystem {
    /// One connection asks for one thing after the other: a list, and of each tenth run on it the run and its events. The
    /// first list, and what is asked after it, is not counted.
    ///
    /// - Throws: `refused` unless all is answered with 200, `invalid` when a list has not the runs it should have.
    func reads(of finishedRuns: Int, asking times: Int) async throws -> Reads {
        try await TimeLimit.within {
            let client = try await HTTPConnection(port: target.port, on: loop)
            var (runs, events, lists): ([Double], [Double], [Double]) = ([], [], [])
            var bytes = (run: 0, events: 0, list: 0)
            for round in 0...(times / 50) {
                let list = try await client.answer("/v1/runs?limit=\(Reads.listed)")
                let ids = try JSON(parsing: list.body)["runs"]?.array?.compactMap { $0["runId"]?.string } ?? []
                guard ids.count == Reads.listed else {
                    throw BenchError.invalid("a list has \(ids.count) runs, not \(Reads.listed)")
                }
                for id in stride(from: 0, to: ids.count, by: 10).map({ ids[$0] }) {
                    let run = try await client.answer("/v1/runs/\(id)")
                    let history = try await client.answer("/v1/runs/\(id)/events")
                    bytes = (run.body.utf8.count, history.body.utf8.count, list.body.utf8.count)
                    guard round > 0 else { continue }
                    runs.append(run.milliseconds)
                    events.append(history.milliseconds)
                }
                if round > 0 { lists.append(list.milliseconds) }
            }
            try await client.close()
            return Reads(
                finishedRuns: finishedRuns, runMs: Percentiles(runs), eventsMs: Percentiles(events),
                listMs: Percentiles(lists),
                bytes: Reads.Bytes(run: bytes.run, events: bytes.events, list: bytes.list))
        }
    }
}

extension HTTPConnection {
    /// - Throws: `refused` unless it is 200.
    fileprivate func answer(_ path: String) async throws -> Reply {
        let reply = try await get(path)
        guard reply.status == 200 else { throw BenchError.refused(status: reply.status, body: reply.body) }
        return reply
    }
}

extension HTTPConnection.Reply {
    fileprivate var milliseconds: Double { (receivedAt - sentAt).milliseconds }
}
