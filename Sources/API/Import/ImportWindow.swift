import Synchronization

/// The lines of one bulk start that have been read and whose results have not been taken: so many at the most, and their
/// results in the order of the lines, in whatever order they are done.
///
/// One task reads and enters lines, one for each line finishes it, one takes results and writes them. Who reads waits
/// while the window is full, so that a client that does not read its results is not read from either.
final class ImportWindow: Sendable {
    /// What there may be in the window.
    struct Limits: Sendable {
        /// Enough to fill the starter's batches, two of them at a time.
        var lines = 400
        /// Of all lines together; a line that is longer by itself goes alone.
        var bytes = 4 << 20
    }

    /// Why lines are not read any more, and which is the first that was not.
    struct EarlyEnd: Sendable {
        let problem: Problem
        let resumeFrom: Int
    }

    /// What is wrong with the client, or with us.
    enum Health: Hashable, Sendable {
        case good
        /// It sends nothing, and nothing is due to it.
        case silent
        /// It takes nothing of what is written to it, or the end does not come.
        case stuck
    }

    private let limits: Limits
    private let state = Mutex(ImportState())

    init(_ limits: Limits = Limits()) { self.limits = limits }

    // MARK: Who reads

    /// Waits for room; the place of the line, or nil when no more lines are wanted.
    func enter(line: Int, bytes: Int) async -> Int? {
        await withCheckedContinuation { (answer: CheckedContinuation<Int?, Never>) in
            let place: Int?? = state.withLock { state in
                state.enter(.init(line: line, bytes: bytes, answer: answer), limits)
            }
            if let place { answer.resume(returning: place) }
        }
    }

    /// Bytes came from the client.
    func received() { state.withLock { $0.quietSince = .now } }

    /// There are no more lines.
    func end() { change { $0.isAtEnd = true } }

    // MARK: Who starts

    /// The result of the line at a place.
    func finish(_ place: Int, _ result: [UInt8]) { change { $0.finish(place, result) } }

    /// No more lines are wanted; those that are in the window still get their results. The first reason counts.
    func stop(_ problem: Problem) {
        change { state in
            guard state.stoppedAt == nil else { return }
            state.stoppedAt = .now
            if !state.isAtEnd { state.earlyEnd = EarlyEnd(problem: problem, resumeFrom: state.lastLine + 1) }
        }
    }

    /// No more lines are wanted.
    var isStopped: Bool { state.withLock { $0.isStopped } }

    /// Since when none are wanted; long ago when nobody is left to write to. Nil while they are.
    var stoppedFor: Duration? {
        state.withLock { state in
            if state.isClosed { return .seconds(3600) }
            return state.stoppedAt.map { .now - $0 }
        }
    }

    // MARK: Who writes

    /// Waits for the next results, all that are done one after the other; nil when all lines have theirs.
    ///
    /// - Throws: `CancellationError` when the window was closed.
    func next() async throws(CancellationError) -> [UInt8]? {
        while true {
            let (taken, waiting) = state.withLock { $0.take(limits) }
            if let waiting { waiting.answer.resume(returning: waiting.place) }
            switch taken {
            case .results(let bytes): return bytes
            case .end: return nil
            case .closed: throw CancellationError()
            case .nothing: await somethingChanged()
            }
        }
    }

    /// Why the lines ended before the body did; nil when they did not.
    var earlyEnd: EarlyEnd? { state.withLock { $0.earlyEnd } }

    /// Nobody is left to write to: whoever waits is sent away.
    func close() { change { $0.isClosed = true } }

    /// - Parameters:
    ///   - silence: how long the client may send nothing while nothing is due to it.
    ///   - writing: how long it may take nothing.
    ///   - stopping: how long the results may take after a stop.
    func health(silence: Duration, writing: Duration, stopping: Duration) -> Health {
        state.withLock { state in
            let now = ContinuousClock.now
            if let since = state.stoppedAt, now - since >= stopping { return .stuck }
            if let since = state.writingSince { return now - since >= writing ? .stuck : .good }
            let isOurTurn = !state.slots.isEmpty || state.isAtEnd || state.isStopped
            return !isOurTurn && now - state.quietSince >= silence ? .silent : .good
        }
    }

    private func somethingChanged() async {
        await withCheckedContinuation { (writer: CheckedContinuation<Void, Never>) in
            let isReady = state.withLock { state in
                if state.isReady { return true }
                state.writer = writer
                return false
            }
            if isReady { writer.resume() }
        }
    }

    /// Changes the state and wakes whoever waits for that.
    private func change(_ body: (inout ImportState) -> Void) {
        let (writer, reader) = state.withLock { state in
            body(&state)
            return (state.takeWriter(), state.takeReader())
        }
        writer?.resume()
        reader?.answer.resume(returning: nil)
    }
}
