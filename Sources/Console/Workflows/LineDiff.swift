/// How one text became another, line by line: as few lines as possible are gone and new.
package struct LineDiff: Sendable {
    package struct Line: Sendable, Hashable {
        package enum Kind: Sendable { case same, removed, added }

        package let kind: Kind
        package let text: String
        /// Its number in the old text, from 1; nil where it is new.
        package let old: Int?
        /// Its number in the new text; nil where it is gone.
        package let new: Int?
    }

    package let lines: [Line]

    /// Pairs of lines that are compared at most. What differs in more is told as gone and new altogether.
    private static let most = 4_000_000

    package init(_ old: String, _ new: String) {
        func split(_ text: String) -> [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
        self.init(split(old), split(new))
    }

    private init(_ old: [Substring], _ new: [Substring]) {
        // Most of two versions is the same on both ends.
        var (start, end) = (0, 0)
        while start < min(old.count, new.count), old[start] == new[start] { start += 1 }
        while end < min(old.count, new.count) - start, old[old.count - 1 - end] == new[new.count - 1 - end] { end += 1 }
        var builder = Builder(old: old, new: new)
        for _ in 0..<start { builder.keep() }
        builder.compare(old[start..<(old.count - end)], new[start..<(new.count - end)], most: Self.most)
        for _ in 0..<end { builder.keep() }
        lines = builder.lines
    }

    package var added: Int { lines.count { $0.kind == .added } }
    package var removed: Int { lines.count { $0.kind == .removed } }

    /// Lines beside a change that are shown with it.
    private static let around = 3

    /// The lines by runs of what is shown, and of what is the same and far from any change.
    package var parts: [(isShown: Bool, lines: ArraySlice<Line>)] {
        var shown = Array(repeating: false, count: lines.count)
        for (place, line) in lines.enumerated() where line.kind != .same {
            for near in max(0, place - Self.around)...min(lines.count - 1, place + Self.around) { shown[near] = true }
        }
        var parts: [(isShown: Bool, lines: ArraySlice<Line>)] = []
        var start = 0
        for place in lines.indices where place + 1 == lines.count || shown[place + 1] != shown[place] {
            parts.append((shown[place], lines[start...place]))
            start = place + 1
        }
        return parts
    }

    private struct Builder {
        let old: [Substring]
        let new: [Substring]
        var lines: [Line] = []
        private var (nextOld, nextNew) = (0, 0)

        init(old: [Substring], new: [Substring]) { (self.old, self.new) = (old, new) }

        mutating func keep() {
            lines.append(Line(kind: .same, text: String(new[nextNew]), old: nextOld + 1, new: nextNew + 1))
            nextOld += 1
            nextNew += 1
        }

        mutating func remove() {
            lines.append(Line(kind: .removed, text: String(old[nextOld]), old: nextOld + 1, new: nil))
            nextOld += 1
        }

        mutating func add() {
            lines.append(Line(kind: .added, text: String(new[nextNew]), old: nil, new: nextNew + 1))
            nextNew += 1
        }

        /// By the longest common sequence of what differs.
        mutating func compare(_ old: ArraySlice<Substring>, _ new: ArraySlice<Substring>, most: Int) {
            let (height, width) = (old.count, new.count)
            guard height > 0, width > 0, height * width <= most else {
                for _ in old { remove() }
                for _ in new { add() }
                return
            }
            // The lengths of the sequences behind each pair of places, by rows of `width + 1`. None is longer than the root of `most`.
            var lengths = Array(repeating: UInt16(0), count: (height + 1) * (width + 1))
            for row in stride(from: height - 1, through: 0, by: -1) {
                for column in stride(from: width - 1, through: 0, by: -1) {
                    let place = row * (width + 1) + column
                    lengths[place] =
                        old[old.startIndex + row] == new[new.startIndex + column]
                        ? lengths[place + width + 2] + 1 : max(lengths[place + 1], lengths[place + width + 1])
                }
            }
            var (row, column) = (0, 0)
            while row < height || column < width {
                let place = row * (width + 1) + column
                if row < height, column < width, old[old.startIndex + row] == new[new.startIndex + column] {
                    keep()
                    (row, column) = (row + 1, column + 1)
                } else if column == width || (row < height && lengths[place + width + 1] >= lengths[place + 1]) {
                    remove()
                    row += 1
                } else {
                    add()
                    column += 1
                }
            }
        }
    }
}
