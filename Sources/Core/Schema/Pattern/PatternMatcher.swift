/// One search of a program in a text: a step for each scalar, in which each instruction is visited once at the most.
struct PatternMatcher {
    /// What visiting an instruction costs, in bytes.
    private static let visit = 8

    private let program: PatternProgram
    private(set) var left: Int
    /// The step in which an instruction was visited last.
    private var visited: [Int32]
    private var step: Int32 = 0
    /// The instructions that take a scalar, in this step.
    private var takers: [Int] = []
    /// Where the text so far may have led, before jumps are followed.
    private var reached: [Int] = []
    private var open: [Int] = []

    init(_ program: PatternProgram, left: Int) {
        self.program = program
        self.left = left
        visited = Array(repeating: 0, count: program.instructions.count)
    }

    mutating func search(_ text: String) throws(SchemaGivenUp) -> Bool {
        try charge(visits: 4 + program.instructions.count / 8)
        var rest = text.unicodeScalars.makeIterator()
        var before: Unicode.Scalar?
        var next = rest.next()
        reached = [0]
        while true {
            step &+= 1
            takers.removeAll(keepingCapacity: true)
            if try follow(before, next) { return true }
            guard let scalar = next else { return false }
            try charge(visits: takers.count + 1)
            reached.removeAll(keepingCapacity: true)
            for place in takers {
                guard case .take(let index) = program.instructions[place] else { continue }
                if program.classes[index].contains(scalar) { reached.append(place + 1) }
            }
            if !program.isAnchored {
                reached.append(0)
            } else if reached.isEmpty {
                return false
            }
            (before, next) = (scalar, rest.next())
        }
    }

    /// Follows everything that takes no scalar from where the text has led; true when that is the end of the program.
    private mutating func follow(_ before: Unicode.Scalar?, _ next: Unicode.Scalar?) throws(SchemaGivenUp) -> Bool {
        for place in reached {
            open.append(place)
            while let place = open.popLast() {
                if visited[place] == step { continue }
                visited[place] = step
                try charge(visits: 1)
                switch program.instructions[place] {
                case .match: return true
                case .take: takers.append(place)
                case .jump(let target): open.append(target)
                case .split(let first, let second):
                    open.append(second)
                    open.append(first)
                case .start: if before == nil { open.append(place + 1) }
                case .end: if next == nil { open.append(place + 1) }
                case .boundary(let isNegated):
                    if (Self.isWord(before) != Self.isWord(next)) != isNegated { open.append(place + 1) }
                }
            }
        }
        return false
    }

    private static func isWord(_ scalar: Unicode.Scalar?) -> Bool {
        scalar.map(ScalarClass.word.contains) ?? false
    }

    private mutating func charge(visits: Int) throws(SchemaGivenUp) {
        left -= visits * Self.visit
        if left < 0 { throw .tooCostly }
    }
}
