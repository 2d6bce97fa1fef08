import Core
import HTTPTypes
import Hummingbird
import NIOCore
import Storage

/// The history of one run as a live stream of server-sent events.
///
/// It asks the database: soon after something happened, then ever more rarely. It ends after the event that ended the
/// run, when the client goes away, and when the process is to stop (the client then resumes elsewhere).
struct EventStream: Sendable {
    private static let shortestPause: Duration = .milliseconds(50)
    private static let longestPause: Duration = .seconds(1)
    private static let commentInterval: Duration = .seconds(15)
    private static let batch = 500

    let reader: RunReader
    let runID: RunID
    /// The last event the client has; 0 for none.
    let after: Int

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
        var pause = Self.shortestPause
        var silentSince = ContinuousClock.now
        // The head goes out at once, also when there is nothing to tell yet.
        try await writer.write(ByteBuffer(string: ": run \(runID)\n\n"))
        while true {
            let events = try await reader.events(of: runID, after: last, limit: Self.batch)
            if let newest = events.last {
                try await writer.write(ByteBuffer(bytes: events.flatMap(Self.bytes)))
                last = newest.sequence
                // An operator may have revived a run: then its end is not the last event, and a batch that ends with it
                // not the last batch.
                isOver = newest.row.kind?.isTerminal ?? false
                if events.count == Self.batch { continue }
                if isOver { return }
                (pause, silentSince) = (Self.shortestPause, .now)
            } else if isOver {
                return
            } else if .now - silentSince >= Self.commentInterval {
                try await writer.write(ByteBuffer(string: ":\n\n"))
                silentSince = .now
            }
            guard await Pause.isOver(until: .now + pause) else { return }
            pause = min(pause * 3 / 2, Self.longestPause)
        }
    }

    private static func bytes(_ event: StoredEvent) -> [UInt8] {
        var bytes = Array("id: \(event.sequence)\nevent: \(event.kind)\ndata: ".utf8)
        event.json.encode(into: &bytes)
        bytes.append(contentsOf: "\n\n".utf8)
        return bytes
    }
}
