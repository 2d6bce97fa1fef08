import Core
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle
import Storage

/// The history of one run as a live stream of server-sent events.
///
/// It reads when the watch sees that there is something new. It ends after the event that ended the run, when the client goes
/// away, and when the process is to stop (the client then resumes elsewhere).
struct EventStream: Sendable {
    private static let commentInterval: Duration = .seconds(15)
    /// Events at once, and bytes of their payloads; one that goes beyond comes along.
    private static let batch = (count: 500, bytes: 64 * 1024)

    let reader: RunReader
    let watch: RunWatch
    let answers: Answers
    let runID: RunID
    /// The last event the client has; 0 for none.
    let after: Int
    /// Where the client waits.
    let place: WatchPlaces.Place
    /// See `APIContext.limitedAddress`.
    let client: String
    /// Whose stream it is.
    let principal: Principal
    /// What it sees of the run's payloads.
    let view: PayloadView

    /// Answers with the stream; `request` is watched for the client's end of the connection.
    func response(to request: Request) -> Response {
        let headers: HTTPFields = [
            .contentType: "text/event-stream", .cacheControl: "no-store", .connection: "close",
        ]
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { writer in
                try await request.body.consumeWithCancellationOnInboundClose { _ in try await write(to: &writer) }
                try await writer.finish(nil)
            })
    }

    @concurrent
    private func write(to writer: inout any ResponseBodyWriter) async throws {
        var last = after
        var isOver = false
        var lookedAt = ContinuousClock.now
        // The head goes out at once, also when there is nothing to tell yet.
        try await writer.write(ByteBuffer(string: ": run \(runID)\n\n"))
        while true {
            if let interval = principal.lookInterval, ContinuousClock.now - lookedAt >= interval {
                guard await principal.counts() else { return }
                lookedAt = .now
            }
            let events = try await reader.eventPage(
                of: runID, after: last, limit: Self.batch.count, maxBytes: Self.batch.bytes)
            if let newest = events.last {
                guard try await write(events, to: &writer) else {
                    guard await pauses() else { return }
                    continue
                }
                last = newest.sequence
                // An operator may have revived a run: then its end is not the last event.
                isOver = newest.isEnd
                if newest.sequence < newest.newest { continue }
            }
            if isOver { return }
            switch try await next(after: last, &writer) {
            case .happened(let sight): isOver = sight.isOver && sight.sequence <= last
            case .gone, .nothing: return
            }
        }
    }

    /// False when there is no room for so much at the moment: many large answers are being sent.
    @concurrent
    private func write(_ events: [ShownEvent], to writer: inout any ResponseBodyWriter) async throws -> Bool {
        let buffer = ByteBuffer(bytes: events.flatMap(bytes))
        let isLarge = buffer.readableBytes > Self.batch.bytes
        let share = isLarge ? answers.room.take(buffer.readableBytes, for: client) : nil
        guard share != nil || !isLarge else { return false }
        try await Answers.write(buffer, to: &writer)
        withExtendedLifetime(share) {}
        return true
    }

    /// A moment, without holding anything; false when the stream is to end.
    private func pauses() async -> Bool {
        _ = await watch.wait(for: runID, atMost: .milliseconds(250), pace: .events) { _ in false }
        return !Task.isCancelled && !Task.isShuttingDownGracefully
    }

    /// Waits for the next event, with a comment now and then, by which proxies know that the stream lives.
    @concurrent
    private func next(
        after last: Int, _ writer: inout any ResponseBodyWriter
    ) async throws -> RunWatch.Outcome {
        var quietSince = ContinuousClock.now
        while true {
            let outcome = await watch.wait(
                for: runID, atMost: min(Self.commentInterval, principal.lookInterval ?? Self.commentInterval),
                pace: .events
            ) {
                $0.sequence > last || $0.isOver
            }
            guard outcome == .nothing, !Task.isCancelled, !Task.isShuttingDownGracefully else { return outcome }
            guard await principal.counts() else { return .gone }
            guard ContinuousClock.now - quietSince >= Self.commentInterval else { continue }
            quietSince = .now
            try await writer.write(ByteBuffer(string: ":\n\n"))
        }
    }

    private func bytes(_ event: ShownEvent) -> [UInt8] {
        Array("id: \(event.sequence)\nevent: \(event.kind)\ndata: ".utf8) + event.text(for: view) + Array("\n\n".utf8)
    }
}
