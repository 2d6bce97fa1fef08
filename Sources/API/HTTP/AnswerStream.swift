import Core
import HTTPTypes
import Hummingbird
import NIOCore

/// An answer that is made while it is sent, so that it may be as long as it likes.
///
/// It takes room like a page of the largest size; whoever it is for is asked about again while it lasts. One that can't be made to
/// its end is broken off, which every client sees.
struct AnswerStream {
    private var writer: any ResponseBodyWriter
    private let principal: Principal
    private var lookedAt = ContinuousClock.now

    fileprivate init(_ writer: any ResponseBodyWriter, _ principal: Principal) {
        self.writer = writer
        self.principal = principal
    }

    /// Whoever asked for it may not read it any more.
    struct CredentialEnded: Error {}

    /// Waits until the client has taken most of it.
    @concurrent mutating func write(_ bytes: [UInt8]) async throws {
        if let interval = principal.lookInterval, ContinuousClock.now - lookedAt >= interval {
            guard await principal.counts() else { throw CredentialEnded() }
            lookedAt = .now
        }
        if bytes.isEmpty { return }
        try await Answers.write(ByteBuffer(bytes: bytes), to: &writer)
    }

    @concurrent mutating func write(_ text: String) async throws { try await write(Array(text.utf8)) }

    @concurrent fileprivate mutating func finish() async throws { try await writer.finish(nil) }
}

extension Answers {
    /// An answer of any length.
    ///
    /// - Throws: `too-many-answers`.
    func stream(
        _ contentType: String, to context: APIContext,
        _ body: @escaping @concurrent @Sendable (inout AnswerStream) async throws -> Void
    ) throws(Problem) -> Response {
        let share = try take(Page.maxBytes, for: context)
        let principal = context.principal
        return Response(
            status: .ok, headers: [.contentType: contentType, .cacheControl: "no-store"],
            body: ResponseBody { writer in
                var stream = AnswerStream(writer, principal)
                try await body(&stream)
                try await stream.finish()
                withExtendedLifetime(share) {}
            })
    }
}
