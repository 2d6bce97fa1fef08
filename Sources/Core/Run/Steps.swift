/// The steps of a run: those of its definition, and behind them the elements of its lists.
///
/// A decision holds the run as it was and as it becomes. Of elements there may be thousands, so steps stand in pieces: to copy
/// a run takes what it takes to name them, and to change a step copies the piece in which it stands. Each piece but the first
/// counts what it holds, so that whoever looks for steps at work need not look at those that are over, or have not begun. Most runs
/// are one piece, which is a list like any other.
package struct Steps: Sendable, Hashable {
    /// Steps in a piece; the last one may have fewer.
    static let pieceSize = 1 << shift
    private static let shift = 6

    fileprivate struct Piece: Sendable, Hashable {
        var steps: [Step]
        var tally = Tally()

        init(_ steps: some Collection<Step>) {
            self.steps = Array(steps)
            for step in self.steps { tally += Tally(step) }
        }

        static func == (left: Piece, right: Piece) -> Bool { left.steps == right.steps }

        func hash(into hasher: inout Hasher) { hasher.combine(steps) }
    }

    /// How many of some steps are what a list, or a run, is looked at for.
    struct Tally: Sendable {
        /// Something happens, or is to happen: a step that is none of these has no call, wait, person, child or undoing.
        var active = 0
        /// They have begun and are not over, those that wait for a person included.
        var atWork = 0
        /// They have not begun, and nothing says when.
        var untouched = 0
        /// They have given up.
        var failed = 0

        init() {}

        init(_ step: borrowing Step) {
            switch step.status {
            case .succeeded, .skipped: break
            case .failed where !step.awaitsPerson: failed = 1
            case .pending where step.attempts == 0 && step.nextAttemptAt == nil: untouched = 1
            case .pending, .executing, .waiting, .failed: atWork = 1
            }
            let isAtRest =
                atWork == 0 && step.compensationStatus == .notRequired && step.nextAttemptAt == nil && !step.isAccepted
                && !step.awaitsPerson && (step.child == nil || !step.awaitsChild)
            active = isAtRest ? 0 : 1
        }

        static func += (left: inout Tally, right: Tally) {
            left.active += right.active
            left.atWork += right.atWork
            left.untouched += right.untouched
            left.failed += right.failed
        }

        static func -= (left: inout Tally, right: Tally) {
            left.active -= right.active
            left.atWork -= right.atWork
            left.untouched -= right.untouched
            left.failed -= right.failed
        }
    }

    private var first: [Step]
    /// The other pieces, none empty.
    private var rest: [Piece] = []

    /// So many that have not begun.
    package init(count: Int) {
        first = Array(repeating: Step(), count: Swift.min(count, Self.pieceSize))
        append(count - first.count)
    }

    package init(_ steps: [Step]) {
        first = steps.count > Self.pieceSize ? Array(steps.prefix(Self.pieceSize)) : steps
        rest = stride(from: Self.pieceSize, to: steps.count, by: Self.pieceSize).map {
            Piece(steps[$0..<Swift.min($0 + Self.pieceSize, steps.count)])
        }
    }

    /// Adds so many that have not begun.
    package mutating func append(_ count: Int) {
        var left = count
        while left > 0 {
            let last = endIndex & (Self.pieceSize - 1)
            let added = Swift.min(left, Self.pieceSize - last)
            let steps = repeatElement(Step(), count: added)
            if endIndex < Self.pieceSize {
                first += steps
            } else if last == 0 {
                rest.append(Piece(steps))
            } else {
                rest[rest.count - 1] = Piece(rest[rest.count - 1].steps + steps)
            }
            left -= added
        }
    }
}

extension Steps: RandomAccessCollection, MutableCollection {
    package var startIndex: Int { 0 }

    package var endIndex: Int {
        guard let last = rest.last else { return first.count }
        return rest.count * Self.pieceSize + last.steps.count
    }

    package subscript(index: Int) -> Step {
        _read {
            if index < Self.pieceSize {
                yield first[index]
            } else {
                yield rest[index >> Self.shift - 1].steps[index & (Self.pieceSize - 1)]
            }
        }
        _modify {
            if index < Self.pieceSize {
                yield &first[index]
            } else {
                yield &rest[index >> Self.shift - 1][index & (Self.pieceSize - 1)]
            }
        }
    }
}

extension Steps.Piece {
    fileprivate subscript(index: Int) -> Step {
        get { steps[index] }
        _modify {
            tally -= Steps.Tally(steps[index])
            defer { tally += Steps.Tally(steps[index]) }
            yield &steps[index]
        }
    }
}

// What looks at all steps of a run copies none of them, and passes over pieces in which nothing happens.
extension Steps {
    private var pieces: Int { 1 + rest.count }

    /// Something of a piece may be active.
    private func isActive(_ number: Int) -> Bool { number == 0 || rest[number - 1].tally.active > 0 }

    private func withPiece<Result>(_ number: Int, _ body: (UnsafeBufferPointer<Step>) -> Result) -> Result {
        number == 0 ? first.withUnsafeBufferPointer(body) : rest[number - 1].steps.withUnsafeBufferPointer(body)
    }

    /// Whether there is such a step among those that are active.
    package func hasActive(where isSo: (borrowing Step) -> Bool) -> Bool {
        for number in 0..<pieces where isActive(number) {
            let isThere = withPiece(number) { piece in
                for index in piece.indices where isSo(piece[index]) { return true }
                return false
            }
            if isThere { return true }
        }
        return false
    }

    /// Where there are such steps among those that are active.
    package func activePlaces(where isSo: (borrowing Step) -> Bool) -> [Int] {
        var places: [Int] = []
        lookAtActive { if isSo($1) { places.append($0) } }
        return places
    }

    /// Looks at all that are active, and some that are not.
    private func lookAtActive(_ body: (Int, borrowing Step) -> Void) {
        for number in 0..<pieces where isActive(number) {
            withPiece(number) { piece in
                for index in piece.indices { body(number << Self.shift + index, piece[index]) }
            }
        }
    }

    /// The smallest of these values of steps that are active; nil when none has one.
    func leastOfActive<Value: Comparable>(_ value: (borrowing Step) -> Value?) -> Value? {
        var least: Value?
        lookAtActive { _, step in
            guard let value = value(step) else { return }
            if least.map({ value < $0 }) ?? true { least = value }
        }
        return least
    }

    /// What some steps are, together.
    func tally(of places: Range<Int>) -> Tally {
        var sum = Tally()
        forEachPiece(of: places) { number, part in
            if number > 0, part.count == Self.pieceSize {
                sum += rest[number - 1].tally
            } else {
                withPiece(number) { piece in for index in part { sum += Tally(piece[index]) } }
            }
        }
        return sum
    }

    /// The first of some steps that is counted so; nil for none.
    func first(of places: Range<Int>, countedAs count: (Tally) -> Int) -> Int? {
        var found: Int?
        forEachPiece(of: places) { number, part in
            guard found == nil, number == 0 || count(rest[number - 1].tally) > 0 else { return }
            let place = withPiece(number) { piece in part.first { count(Tally(piece[$0])) > 0 } }
            found = place.map { number << Self.shift + $0 }
        }
        return found
    }

    /// The pieces in which some steps stand, and where in them.
    private func forEachPiece(of places: Range<Int>, _ body: (Int, Range<Int>) -> Void) {
        var start = places.lowerBound
        while start < places.upperBound {
            let number = start >> Self.shift
            let end = Swift.min((number + 1) << Self.shift, places.upperBound)
            body(number, start - number << Self.shift..<end - number << Self.shift)
            start = end
        }
    }

    /// The places at which a step may be another than it was in `before`, a piece's at a time; whatever is behind the end of
    /// `before` among them.
    package func places(changedSince before: Steps) -> [Range<Int>] {
        (0..<pieces).compactMap { number in
            let isSame =
                number < before.pieces
                && withPiece(number) { piece in
                    before.withPiece(number) { $0.baseAddress == piece.baseAddress && $0.count == piece.count }
                }
            if isSame { return nil }
            let start = number * Self.pieceSize
            return start..<Swift.min(start + Self.pieceSize, endIndex)
        }
    }
}
