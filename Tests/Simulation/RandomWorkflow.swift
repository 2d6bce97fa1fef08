package import Core

/// A random definition, and the facts about it that the audit needs, kept apart from what Core made of it.
package struct RandomWorkflow {
    /// When a step runs.
    package enum When {
        case always, never
        /// Only if this step, one it depends on, was not skipped.
        case succeeded(Int)
    }

    package let count: Int
    package let dependencies: [[Int]]
    package let descendants: [Set<Int>]
    package let isCompensable: [Bool]
    package let when: [When]
    package let maxAttempts: Int
    package let maxCompensationAttempts: Int
    package let initial: Duration
    package let maximum: Duration
    package let multiplier: Int
    package let hasDeadline: Bool
    package let definition: WorkflowDefinition

    package static let jitter = 0.25

    package init(using random: inout SeededGenerator) throws {
        let count = Int.random(in: 1...8, using: &random)
        self.count = count
        let isChain = random.chance(30)
        var dependencies: [[Int]] = []
        for step in 0..<count {
            let density = Int.random(in: 0...60, using: &random)
            dependencies.append(
                isChain ? (step > 0 ? [step - 1] : []) : (0..<step).filter { _ in random.chance(density) })
        }
        self.dependencies = dependencies
        var descendants = Array(repeating: Set<Int>(), count: count)
        for step in (0..<count).reversed() {
            for dependency in dependencies[step] {
                descendants[dependency].formUnion(descendants[step].union([step]))
            }
        }
        // Ancestors have lower indices, so one pass from the back is not enough: repeat until nothing grows.
        var grows = true
        while grows {
            grows = false
            for step in 0..<count {
                let all = descendants[step].reduce(descendants[step]) { $0.union(descendants[$1]) }
                grows = grows || all.count > descendants[step].count
                descendants[step] = all
            }
        }
        self.descendants = descendants
        isCompensable = (0..<count).map { _ in random.chance(85) }
        var when: [When] = []
        for step in 0..<count {
            if random.chance(85) {
                when.append(.always)
            } else if let dependency = dependencies[step].randomElement(using: &random), random.chance(50) {
                when.append(.succeeded(dependency))
            } else {
                when.append(.never)
            }
        }
        self.when = when
        maxAttempts = Int.random(in: 1...5, using: &random)
        maxCompensationAttempts = Int.random(in: 1...4, using: &random)
        initial = .milliseconds(Int.random(in: 1...500, using: &random))
        maximum = initial * Int.random(in: 1...20, using: &random)
        multiplier = Int.random(in: 1...4, using: &random)
        hasDeadline = random.chance(25)
        definition = try WorkflowDefinition(
            Self.json(
                dependencies, isCompensable, when, maxAttempts, maxCompensationAttempts, initial, maximum, multiplier,
                hasDeadline ? "\(Int.random(in: 100...3000, using: &random))ms" : nil))
    }

    private static func json(
        _ dependencies: [[Int]], _ isCompensable: [Bool], _ when: [When], _ maxAttempts: Int,
        _ maxCompensationAttempts: Int, _ initial: Duration, _ maximum: Duration, _ multiplier: Int, _ timeout: String?
    ) -> JSON {
        func policy(_ attempts: Int) -> JSON {
            [
                "maxAttempts": JSON(attempts), "initialInterval": .string(DurationText.format(initial)),
                "maxInterval": .string(DurationText.format(maximum)), "multiplier": JSON(multiplier), "jitter": 0.25,
            ]
        }
        let steps = dependencies.indices.map { index in
            var step: JSON = [
                "id": "s\(index)", "dependsOn": .array(dependencies[index].map { "s\($0)" }),
                "action": ["participant": "p", "path": "/do", "timeout": "2s"],
            ]
            if isCompensable[index] { step["compensation"] = ["participant": "p", "path": "/undo", "timeout": "2s"] }
            switch when[index] {
            case .always: break
            case .never: step["when"] = false
            case .succeeded(let other):
                step["when"] = ["==": [["var": "steps.s\(other).status"], "SUCCEEDED"]]
            }
            return step
        }
        var workflow: JSON = [
            "name": "random", "version": "1.0.0", "retry": policy(maxAttempts),
            "compensationRetry": policy(maxCompensationAttempts), "steps": .array(steps),
        ]
        if let timeout { workflow["timeout"] = .string(timeout) }
        return workflow
    }
}
