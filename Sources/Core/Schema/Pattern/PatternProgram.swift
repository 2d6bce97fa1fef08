/// What a regular expression compiles to.
struct PatternProgram: Sendable {
    enum Instruction: Sendable {
        /// Takes one scalar of the class with this index, and goes on.
        case take(Int)
        /// Goes on at both.
        case split(Int, Int)
        case jump(Int)
        case start, end
        case boundary(isNegated: Bool)
        case match
    }

    private(set) var instructions: [Instruction] = []
    private(set) var classes: [ScalarClass] = []
    /// A match begins at the beginning of the text.
    let isAnchored: Bool

    init(_ node: PatternNode) throws(PatternError) {
        guard node.size < Pattern.maxInstructions else {
            throw PatternError(kind: .tooLarge(limit: Pattern.maxInstructions), offset: 0)
        }
        isAnchored = node.isAnchored
        add(node)
        instructions.append(.match)
    }

    private mutating func add(_ node: PatternNode) {
        switch node {
        case .scalar(let wanted):
            instructions.append(.take(classes.count))
            classes.append(wanted)
        case .start: instructions.append(.start)
        case .end: instructions.append(.end)
        case .boundary(let isNegated): instructions.append(.boundary(isNegated: isNegated))
        case .sequence(let parts): for part in parts { add(part) }
        case .alternatives(let parts): add(alternatives: parts)
        case .repeated(let part, let least, let most):
            for _ in 0..<least { add(part) }
            if let most { add(part, atMost: most - least) } else { addAnyNumber(of: part) }
        }
    }

    /// Each but the last begins with a split and ends with a jump behind all of them.
    private mutating func add(alternatives parts: [PatternNode]) {
        var jumps: [Int] = []
        for part in parts.dropLast() {
            let split = instructions.count
            instructions.append(.match)
            add(part)
            jumps.append(instructions.count)
            instructions.append(.match)
            instructions[split] = .split(split + 1, instructions.count)
        }
        if let last = parts.last { add(last) }
        for jump in jumps { instructions[jump] = .jump(instructions.count) }
    }

    /// From each of them the way out leads behind the last.
    private mutating func add(_ part: PatternNode, atMost count: Int) {
        var splits: [Int] = []
        for _ in 0..<count {
            splits.append(instructions.count)
            instructions.append(.match)
            add(part)
        }
        for split in splits { instructions[split] = .split(split + 1, instructions.count) }
    }

    private mutating func addAnyNumber(of part: PatternNode) {
        let split = instructions.count
        instructions.append(.match)
        add(part)
        instructions.append(.jump(split))
        instructions[split] = .split(split + 1, instructions.count)
    }
}
