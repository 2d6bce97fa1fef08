import DequeModule

/// What an `ImportWindow` guards with its lock; whoever is to be woken is handed out, and woken without the lock.
struct ImportState {
    /// A line, from its reading to the taking of its result.
    private struct Slot {
        let bytes: Int
        let key: ImportWindow.Key?
        /// Nil while it is at work.
        var result: [UInt8]?
    }

    /// A reader with a line that can't be let in yet.
    struct Reader {
        let line: Int
        let bytes: Int
        let key: ImportWindow.Key?
        let answer: CheckedContinuation<Int?, Never>
    }

    enum Taken {
        case results([UInt8])
        case nothing
        case end
        case closed
    }

    private let limits: ImportWindow.Limits
    private var slots: Deque<Slot> = []
    /// The place of the first of them.
    private var first = 0
    private var bytes = 0
    /// Of lines at work.
    private var keys: Set<ImportWindow.Key> = []
    /// The number of the last line that was entered.
    private(set) var lastLine = 0
    private var reader: Reader?
    var writer: CheckedContinuation<Void, Never>?
    var isAtEnd = false
    var isClosed = false
    var earlyEnd: ImportWindow.EarlyEnd?
    var stoppedAt: ContinuousClock.Instant?
    /// When bytes came last, or results were written.
    var quietSince = ContinuousClock.now
    /// Since when results that were taken are being written.
    private(set) var writingSince: ContinuousClock.Instant?

    init(_ limits: ImportWindow.Limits) { self.limits = limits }

    /// No more lines are wanted.
    var isStopped: Bool { isClosed || stoppedAt != nil }
    /// There are lines that have no result, or one that nobody has taken.
    var hasLines: Bool { !slots.isEmpty }

    mutating func wait(_ reader: Reader) { self.reader = reader }

    mutating func finish(_ place: Int, _ result: [UInt8]) {
        slots[place - first].result = result
        if let key = slots[place - first].key { keys.remove(key) }
    }

    /// Bytes of results that are taken at once, with the one that goes beyond: what is taken is sent before more is.
    private static let piece = 64 * 1024

    /// Takes the results that are next in order.
    mutating func take() -> Taken {
        // Whoever asks for the next results has written the last ones.
        if writingSince != nil { (writingSince, quietSince) = (nil, .now) }
        if isClosed { return .closed }
        guard isReady else { return .nothing }
        writingSince = .now
        let done = slots.prefix { $0.result != nil }
        if done.isEmpty { return .end }
        var results: [UInt8] = []
        var count = 0
        for slot in done {
            if results.count >= Self.piece { break }
            results += slot.result ?? []
            bytes -= slot.bytes
            count += 1
        }
        first += count
        slots.removeFirst(count)
        return .results(results)
    }

    /// There is something for the writer to do.
    var isReady: Bool {
        if isClosed || slots.first?.result != nil { return true }
        return slots.isEmpty && (isAtEnd || isStopped)
    }

    /// The writer, if it waits and has something to do.
    mutating func takeWriter() -> CheckedContinuation<Void, Never>? {
        guard isReady else { return nil }
        defer { writer = nil }
        return writer
    }

    /// The reader, if it waits and has its answer: a place, or that its line is not wanted.
    mutating func takeReader() -> (answer: CheckedContinuation<Int?, Never>, place: Int?)? {
        guard let waiting = reader else { return nil }
        if isStopped {
            reader = nil
            return (waiting.answer, nil)
        }
        guard hasRoom(for: waiting) else { return nil }
        reader = nil
        slots.append(Slot(bytes: waiting.bytes, key: waiting.key))
        bytes += waiting.bytes
        lastLine = waiting.line
        if let key = waiting.key { keys.insert(key) }
        return (waiting.answer, first + slots.count - 1)
    }

    /// Of two lines under one key the first is started, so the second waits for it.
    private func hasRoom(for line: Reader) -> Bool {
        if let key = line.key, keys.contains(key) { return false }
        return slots.isEmpty || (slots.count < limits.lines && bytes + line.bytes <= limits.bytes)
    }
}
