/// What an `ImportWindow` guards with its lock; whoever is to be woken is handed out, and woken without the lock.
struct ImportState {
    /// A line, from its reading to the taking of its result.
    struct Slot {
        let bytes: Int
        /// Nil while it is at work.
        var result: [UInt8]?
    }

    /// A reader with a line for which there is no room.
    struct Reader {
        let line: Int
        let bytes: Int
        let answer: CheckedContinuation<Int?, Never>
    }

    enum Taken {
        case results([UInt8])
        case nothing
        case end
        case closed
    }

    private(set) var slots: [Slot] = []
    /// The place of the first of them.
    private var first = 0
    private var bytes = 0
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

    /// The place, nil in it when no more lines are wanted; nil when the reader has to wait.
    mutating func enter(_ reader: Reader, _ limits: ImportWindow.Limits) -> Int?? {
        if isStopped { return .some(nil) }
        guard hasRoom(reader.bytes, limits) else {
            self.reader = reader
            return nil
        }
        return admit(reader)
    }

    mutating func finish(_ place: Int, _ result: [UInt8]) { slots[place - first].result = result }

    /// Takes all results that are next in order, and lets a reader in that waits for their room.
    mutating func take(
        _ limits: ImportWindow.Limits
    ) -> (Taken, (answer: CheckedContinuation<Int?, Never>, place: Int)?) {
        // Whoever asks for the next results has written the last ones.
        if writingSince != nil { (writingSince, quietSince) = (nil, .now) }
        if isClosed { return (.closed, nil) }
        let done = slots.prefix { $0.result != nil }
        if done.isEmpty {
            guard isReady else { return (.nothing, nil) }
            writingSince = .now
            return (.end, nil)
        }
        var results: [UInt8] = []
        for slot in done {
            results += slot.result ?? []
            bytes -= slot.bytes
        }
        first += done.count
        slots.removeFirst(done.count)
        writingSince = .now
        guard let waiting = reader, hasRoom(waiting.bytes, limits) else { return (.results(results), nil) }
        reader = nil
        return (.results(results), (waiting.answer, admit(waiting)))
    }

    /// No more lines are wanted.
    var isStopped: Bool { isClosed || stoppedAt != nil }

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

    /// The reader, if it waits for room that it won't be given any more.
    mutating func takeReader() -> Reader? {
        guard isStopped else { return nil }
        defer { reader = nil }
        return reader
    }

    private func hasRoom(_ more: Int, _ limits: ImportWindow.Limits) -> Bool {
        slots.isEmpty || (slots.count < limits.lines && bytes + more <= limits.bytes)
    }

    private mutating func admit(_ reader: Reader) -> Int {
        slots.append(Slot(bytes: reader.bytes))
        bytes += reader.bytes
        lastLine = reader.line
        return first + slots.count - 1
    }
}
