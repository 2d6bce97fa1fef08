/// The steps of a run: those of its definition, and behind them the elements of its lists.
///
/// A decision holds the run as it was and as it becomes. Of elements there may be thousands, so steps stand in pieces: to copy
/// a run takes what it takes to name them, and to change a step copies the piece in which it stands. Most runs are one piece.
package struct Steps: Sendable, Hashable {
    /// Steps in a piece; the last one may have fewer.
    static let pieceSize = 1 << shift
    private static let shift = 6

    private var first: [Step]
    /// The other pieces, none empty.
    private var rest: [[Step]] = []

    /// So many that have not begun.
    package init(count: Int) {
        first = Array(repeating: Step(), count: Swift.min(count, Self.pieceSize))
        append(count - first.count)
    }

    package init(_ steps: [Step]) {
        guard steps.count > Self.pieceSize else {
            first = steps
            return
        }
        first = Array(steps.prefix(Self.pieceSize))
        rest = stride(from: Self.pieceSize, to: steps.count, by: Self.pieceSize).map {
            Array(steps[$0..<Swift.min($0 + Self.pieceSize, steps.count)])
        }
    }

    /// Adds so many that have not begun.
    package mutating func append(_ count: Int) {
        var left = count
        while left > 0 {
            let isFirst = first.count < Self.pieceSize
            if !isFirst, rest.last.map({ $0.count == Self.pieceSize }) ?? true { rest.append([]) }
            let added = Swift.min(left, Self.pieceSize - (isFirst ? first.count : rest[rest.count - 1].count))
            let steps = repeatElement(Step(), count: added)
            if isFirst { first += steps } else { rest[rest.count - 1] += steps }
            left -= added
        }
    }
}

extension Steps: RandomAccessCollection, MutableCollection {
    package var startIndex: Int { 0 }

    package var endIndex: Int {
        guard let last = rest.last else { return first.count }
        return rest.count * Self.pieceSize + last.count
    }

    package subscript(index: Int) -> Step {
        _read {
            if index < Self.pieceSize {
                yield first[index]
            } else {
                yield rest[index >> Self.shift - 1][index & (Self.pieceSize - 1)]
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

// What looks at all steps of a run copies none of them.
extension Steps {
    private var pieces: Int { 1 + rest.count }

    private func withPiece<Result>(_ number: Int, _ body: (UnsafeBufferPointer<Step>) -> Result) -> Result {
        number == 0 ? first.withUnsafeBufferPointer(body) : rest[number - 1].withUnsafeBufferPointer(body)
    }

    /// Whether there is such a step.
    package func contains(where isSo: (borrowing Step) -> Bool) -> Bool {
        for number in 0..<pieces {
            let isThere = withPiece(number) { piece in
                for index in piece.indices where isSo(piece[index]) { return true }
                return false
            }
            if isThere { return true }
        }
        return false
    }

    /// Where there are such steps.
    package func places(where isSo: (borrowing Step) -> Bool) -> [Int] {
        var places: [Int] = []
        look(at: indices) { if isSo($1) { places.append($0) } }
        return places
    }

    /// Looks at some steps, in order.
    func look(at places: Range<Int>, _ body: (Int, borrowing Step) -> Void) {
        var start = places.lowerBound
        while start < places.upperBound {
            let number = start >> Self.shift
            let end = Swift.min((number + 1) << Self.shift, places.upperBound)
            withPiece(number) { piece in
                for index in start..<end { body(index, piece[index & (Self.pieceSize - 1)]) }
            }
            start = end
        }
    }

    /// The smallest of these values; nil when no step has one.
    func least<Value: Comparable>(_ value: (borrowing Step) -> Value?) -> Value? {
        var least: Value?
        look(at: indices) { _, step in
            guard let value = value(step) else { return }
            if least.map({ value < $0 }) ?? true { least = value }
        }
        return least
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
