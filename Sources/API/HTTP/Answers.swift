import Core
import HTTPTypes
import Hummingbird
import NIOCore
import Storage
import Telemetry

/// Sends answers that may be large. What of them is not sent yet is memory: there is so much of it for all, and half of that for
/// one client, however slowly they read.
struct Answers: Sendable {
    /// Answers up to this many bytes are sent as they are, and larger ones in pieces of so many.
    private static let piece = 64 * 1024

    /// Bytes of large answers that are not sent yet.
    let room = Shares(total: 64 << 20, perClient: 32 << 20)
    let reader: RunReader

    init(reader: RunReader, metrics: MetricsRegistry) {
        self.reader = reader
        metrics.read("large_answer_bytes", "Bytes of large answers that are being sent.", .gauge) { [room] in
            [.init(room.taken)]
        }
        metrics.read("large_answers_refused_total", "Large answers there was no room for.", .counter) { [room] in
            [.init(room.refused)]
        }
    }

    /// An answer with a JSON body.
    ///
    /// - Throws: `too-many-answers`.
    func json(_ bytes: [UInt8], to context: APIContext, headers: HTTPFields = [:]) throws(Problem) -> Response {
        var fields = headers
        fields[.contentType] = "application/json"
        let buffer = ByteBuffer(bytes: bytes)
        guard buffer.readableBytes > Self.piece else {
            return Response(status: .ok, headers: fields, body: ResponseBody(byteBuffer: buffer))
        }
        let share = try take(buffer.readableBytes, for: context)
        return Response(
            status: .ok, headers: fields,
            body: ResponseBody(contentLength: buffer.readableBytes) { writer in
                try await Self.write(buffer, to: &writer)
                try await writer.finish(nil)
                withExtendedLifetime(share) {}
            })
    }

    /// An answer parts of which are read when their turn comes.
    ///
    /// - Throws: `too-many-answers`.
    func json(
        _ text: JSONText, of runID: RunID, to context: APIContext, headers: HTTPFields = [:]
    ) throws(Problem) -> Response {
        if let whole = context.console == .page ? text.withoutLarge : text.whole {
            return try json(whole, to: context, headers: headers)
        }
        var fields = headers
        fields[.contentType] = "application/json"
        let pieces = text.all
        let share = try take(Self.most(pieces), for: context)
        return Response(
            status: .ok, headers: fields,
            body: ResponseBody { [reader] writer in
                for piece in pieces {
                    let bytes: [UInt8] =
                        switch piece {
                        case .bytes(let bytes): bytes
                        case .stored(let payload, _, let mask):
                            try await reader.payload(payload, of: runID, mask) ?? Array("null".utf8)
                        }
                    try await Self.write(ByteBuffer(bytes: bytes), to: &writer)
                }
                try await writer.finish(nil)
                withExtendedLifetime(share) {}
            })
    }

    /// What of them is in memory at once: all that is there, and the largest part that is not.
    private static func most(_ pieces: [JSONText.Piece]) -> Int {
        var (here, largest) = (0, 0)
        for piece in pieces {
            switch piece {
            case .bytes(let bytes): here += bytes.count
            // What is masked is taken apart.
            case .stored(_, let size, let mask):
                largest = max(largest, size + (mask.isEmpty ? 0 : JSON.mostMemory(ofText: size)))
            }
        }
        return here + largest
    }

    func take(_ bytes: Int, for context: APIContext) throws(Problem) -> Shares.Share {
        guard let share = room.take(bytes, for: context.limitedAddress) else {
            throw Problem(
                .tooManyAnswers, "Other large answers are still being sent. Try again, or ask for less at once.",
                headers: [.retryAfter: "1"])
        }
        return share
    }

    /// Waits after each piece until the client has taken most of it.
    @concurrent
    static func write(_ buffer: ByteBuffer, to writer: inout any ResponseBodyWriter) async throws {
        var rest = buffer
        while let next = rest.readSlice(length: min(piece, rest.readableBytes)), next.readableBytes > 0 {
            try await writer.write(next)
        }
    }
}

extension Response {
    /// An answer with a JSON body.
    static func json(_ status: HTTPResponse.Status, _ json: JSON, headers: HTTPFields = [:]) -> Response {
        var fields = headers
        fields[.contentType] = "application/json"
        return Response(status: status, headers: fields, body: ResponseBody(byteBuffer: ByteBuffer(bytes: json.bytes)))
    }
}
