import Core
import Hummingbird
import NIOCore
import ServiceLifecycle
import Storage

/// One bulk start under way.
///
/// It ends before its body does when the process is to stop, when the database is away, when the client falls silent or
/// breaks HTTP. Then no further line is started, the lines before get their results, and a last object says why, and with
/// which line to go on.
struct Import: Sendable {
    /// How long it waits for whom.
    struct Limits: Sendable {
        /// How long the client may send nothing while no result is due to it.
        let silence: Duration
        /// How long it may take no results.
        let writing: Duration
        /// How long lines wait for room before the starter once the import is to end.
        var lastRoom: Duration = .seconds(2)
        /// How long the client may take no results then.
        var lastWriting: Duration = .seconds(5)
        /// How long the end may take in all: longer than two attempts of the starter to reach the database, as a line may
        /// wait for the end of one before its own.
        var ending: Duration = .seconds(15)
    }

    let starts: RunStarts
    let body: BodyReader
    /// For the values of lines, of all imports together.
    let values: ByteRoom
    let room: ImportRoom
    let limits: Limits
    let origin: StartOrigin
    let path: String
    let context: APIContext
    /// A line asks for what its caller may not do.
    let denied: @Sendable () -> Void
    private let window = ImportWindow()

    init(
        starts: RunStarts, body: BodyReader, values: ByteRoom, room: ImportRoom, limits: Limits, origin: StartOrigin,
        path: String, context: APIContext, denied: @escaping @Sendable () -> Void
    ) {
        self.denied = denied
        self.starts = starts
        self.body = body
        self.values = values
        self.room = room
        self.limits = limits
        self.origin = origin
        self.path = path
        self.context = context
    }

    /// Reads lines and writes results until both are at their end.
    ///
    /// - Throws: when the client is gone. What was started stays started.
    @concurrent
    func run(_ lines: RequestBody, _ writer: inout any ResponseBodyWriter) async throws {
        try await withTaskCancellationHandler {
            try await withGracefulShutdownHandler {
                try await withThrowingTaskGroup(of: Void.self) { watching in
                    watching.addTask { await watch() }
                    defer { watching.cancelAll() }
                    async let reading: Void = read(lines)
                    do { try await write(&writer) } catch {
                        window.close()
                        throw error
                    }
                    // Not cancelled: whoever stops in the middle of a body must go on reading until the client has its
                    // answer, which it would lose if the connection were closed over bytes nobody took.
                    await reading
                }
            } onGracefulShutdown: {
                window.stop(Problem(StoreError.shuttingDown))
            }
        } onCancel: {
            window.close()
        }
    }

    // MARK: Reading

    private func read(_ pieces: RequestBody) async {
        await withDiscardingTaskGroup { tasks in
            var splitter = LineSplitter(maxBytes: body.maxBytes)
            do {
                for try await piece in pieces {
                    window.received()
                    if window.isStopped { continue }
                    splitter.feed(piece)
                    while let line = splitter.next() {
                        guard await enter(line, &tasks) else { break }
                    }
                }
                if !window.isStopped, let last = splitter.finish() { _ = await enter(last, &tasks) }
            } catch {
                // The client has gone, or has broken off in the middle; it may still read.
                let problem = Problem(error) ?? Problem(.malformedRequest, "The body ended too early.")
                window.stop(problem)
            }
            window.end()
        }
    }

    /// False when no more lines are wanted.
    private func enter(_ line: LineSplitter.Line, _ tasks: inout DiscardingTaskGroup) async -> Bool {
        switch line {
        case .whole(let number, let bytes):
            let held = await values.takePatiently(bytes.readableBytes * JSON.maxFootprint)
            let asked: StartRequest
            do throws(Problem) {
                asked = try await body.make(of: bytes) { [origin] json throws(Problem) in
                    try StartRequest(line: json, origin: origin)
                }
            } catch {
                values.give(held)
                return await refuse(number, error)
            }
            let key = asked.key.map { ImportWindow.Key(tenantID: asked.tenantID, text: $0.text) }
            guard let place = await window.enter(line: number, bytes: bytes.readableBytes, key: key) else {
                values.give(held)
                return false
            }
            tasks.addTask {
                window.finish(place, await result(of: asked, number))
                values.give(held)
            }
            return true
        case .tooLong(let number):
            return await refuse(number, Problem(.bodyTooLarge, "A line has at most \(body.maxBytes) bytes."))
        }
    }

    private func refuse(_ number: Int, _ problem: Problem) async -> Bool {
        if problem.kind == .missingPermission { denied() }
        let result = ImportResult.refused(problem, line: number, path: path)
        guard let place = await window.enter(line: number, bytes: result.count) else { return false }
        window.finish(place, result)
        return true
    }

    // MARK: Starting

    private func result(of asked: StartRequest, _ number: Int) async -> [UInt8] {
        do { return ImportResult.accepted(try await startPatiently(asked), line: number) } catch {
            let problem = Problem.answering(error, path: path, logger: context.logger)
            // What is not the line's own fault would be the same for those that come now.
            if problem.kind.status.code >= 500 { window.stop(problem) }
            return ImportResult.refused(problem, line: number, path: path)
        }
    }

    /// Waits while there is no room before the starter: whoever waits for a single start goes first.
    private func startPatiently(_ asked: StartRequest) async throws -> RunStarts.Accepted {
        while true {
            if room.take() {
                defer { room.give() }
                do { return try await starts.start(asked) } catch StoreError.overloaded {
                    // Nothing was written: the same again, a moment later.
                } catch let problem as Problem where problem.kind == .rateLimited {
                    // Its tenant is too fast: the same.
                }
            }
            if window.isStopped(for: limits.lastRoom) { throw StoreError.overloaded }
            do { try await Task.sleep(for: .milliseconds(.random(in: 20...100))) } catch {
                // The client has gone.
                throw StoreError.overloaded
            }
        }
    }

    // MARK: Writing

    @concurrent
    private func write(_ writer: inout any ResponseBodyWriter) async throws {
        while let results = try await window.next() { try await writer.write(ByteBuffer(bytes: results)) }
        if let end = window.earlyEnd {
            try await writer.write(ByteBuffer(bytes: ImportResult.ended(end, path: path)))
        }
        try await writer.finish(nil)
    }

    // MARK: Watching

    /// Sees to it that nobody keeps the connection for nothing. One coarse timer: a limit is noticed a little late.
    private func watch() async {
        let pause = min(limits.silence / 4, limits.writing / 4, .milliseconds(500))
        while true {
            do { try await Task.sleep(for: pause) } catch { return }
            switch window.health(limits) {
            case .good:
                guard await context.principal.counts() else {
                    window.stop(Problem(.unauthorized, "The API key has been revoked, or the credential has expired."))
                    break
                }
            case .silent: window.stop(Problem(.requestTimeout, "Nothing was sent for too long."))
            case .stuck:
                window.close()
                context.closeConnection()
            }
        }
    }
}
