package import Core

/// A random definition, and the facts about it that the audit needs, kept apart from what Core made of it.
package struct RandomWorkflow {
    /// When a step runs.
    package enum When {
        case always, never
        /// Only if this step, one it depends on, was not skipped.
        case succeeded(Int)
    }

    /// What a step does.
    package enum Kind {
        case call
        case wait(milliseconds: Int)
        case end(completed: Bool)
        /// For one of two signals; only for one that says ok, where it `wants` that.
        case signal(name: String, milliseconds: Int?, wants: Bool)
        case child(workflow: String, milliseconds: Int?, isDetached: Bool)
    }

    package let count: Int
    package let dependencies: [[Int]]
    package let descendants: [Set<Int>]
    package let isCompensable: [Bool]
    package let when: [When]
    package let kinds: [Kind]
    /// It is done for each of so many entries, so many at a time; nil: once.
    package let lists: [(count: Int, maxParallel: Int)?]
    /// Its action may be accepted, and called back.
    package let isCalledBack: [Bool]
    /// The same of its compensation.
    package let isUndoneLater: [Bool]
    /// What is accepted there is looked for, not called back.
    package let isPolled: [Bool]
    /// How often; milliseconds.
    package let every: Int
    /// How long a callback is waited for, and how often a sign of life is to come.
    package let callback: (timeout: Int, heartbeat: Int?)
    /// When it has given up the run goes on.
    package let continues: [Bool]
    /// It is skipped, too, unless everything it depends on succeeded.
    package let needsSuccess: [Bool]
    package let maxAttempts: Int
    package let maxCompensationAttempts: Int
    package let initial: Duration
    package let maximum: Duration
    package let multiplier: Int
    package let hasDeadline: Bool
    /// The step after which there is no way back.
    package let pivot: Int?
    package let definition: WorkflowDefinition

    package static let jitter = 0.25

    /// - Parameter children: the workflows that its steps may start.
    package init(using random: inout SeededGenerator, name: String = "random", children: [String] = []) throws {
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
        let drawn: [Kind] = (0..<count).map { _ in
            switch Int.random(in: 0..<100, using: &random) {
            // Some so long that a request that wakes nobody is noticed.
            case 0..<9:
                .wait(
                    milliseconds: random.chance(30)
                        ? Int.random(in: 60_000...180_000, using: &random) : Int.random(in: 1...2000, using: &random))
            case 9..<16: .end(completed: random.chance(50))
            case 16..<28:
                .signal(
                    name: random.chance(60) ? "go" : "stop",
                    milliseconds: random.chance(50) ? Int.random(in: 1000...90_000, using: &random) : nil,
                    wants: random.chance(30))
            case 28..<44 where !children.isEmpty:
                .child(
                    workflow: children.randomElement(using: &random) ?? "",
                    milliseconds: random.chance(25) ? Int.random(in: 1000...20_000, using: &random) : nil,
                    isDetached: random.chance(20))
            default: .call
            }
        }
        let lists: [(count: Int, maxParallel: Int)?] = (0..<count).map { step in
            if case .end = drawn[step] { return nil }
            guard random.chance(12) else { return nil }
            return (
                Int.random(in: 0...4, using: &random), random.chance(50) ? 1 : Int.random(in: 2...3, using: &random)
            )
        }
        self.lists = lists
        // Lists of children with lists of long waits take hours.
        let kinds = zip(drawn, lists).map { kind, list -> Kind in
            guard list != nil, case .wait(let milliseconds) = kind else { return kind }
            return .wait(milliseconds: milliseconds % 2000 + 1)
        }
        self.kinds = kinds
        continues = (0..<count).map { step in
            if case .end = kinds[step] { return false }
            return random.chance(35)
        }
        needsSuccess = (0..<count).map { _ in random.chance(10) }
        isCompensable = (0..<count).map { step in
            if case .child = kinds[step] { return random.chance(25) }
            guard case .call = kinds[step] else { return false }
            return random.chance(85)
        }
        isCalledBack = (0..<count).map { step in
            guard case .call = kinds[step] else { return false }
            return random.chance(30)
        }
        isUndoneLater = (0..<count).map { _ in random.chance(15) }
        isPolled = (0..<count).map { _ in random.chance(45) }
        every = Int.random(in: 1000...6000, using: &random)
        callback = (Int.random(in: 1000...30_000, using: &random), random.chance(40) ? 5000 : nil)
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
        let (continues, needsSuccess) = (continues, needsSuccess)
        let candidates = (0..<count).filter { step in
            if case .end = kinds[step] { return false }
            if case .child = kinds[step] { return false }
            guard case .always = when[step], !continues[step], !needsSuccess[step], lists[step] == nil else {
                return false
            }
            return (0..<count).allSatisfy { other in
                if other == step || descendants[other].contains(step) { return true }
                if case .end(completed: false) = kinds[other] { return false }
                return descendants[step].contains(other)
            }
        }
        pivot = random.chance(60) ? candidates.randomElement(using: &random) : nil
        definition = try WorkflowDefinition(
            Self.json(
                name, dependencies, kinds, lists, continues, needsSuccess, isCompensable, isCalledBack, isUndoneLater,
                isPolled,
                every,
                callback,
                when,
                pivot, maxAttempts,
                maxCompensationAttempts, initial, maximum, multiplier,
                hasDeadline ? "\(Int.random(in: 100...3000, using: &random))ms" : nil,
                random.chance(25) ? Self.onEnd(using: &random) : JSON?.none))
    }

    /// Calls after the end: for each that there is, for one that nobody knows, or none at all.
    private static func onEnd(using random: inout SeededGenerator) -> JSON {
        let call: JSON = ["participant": "p", "path": "/end", "timeout": "2s", "body": ["as": "${run.status}"]]
        let wanted = ["COMPLETED", "COMPENSATED", "FAILED", "NEVER"].randomElement(using: &random) ?? ""
        var calls: [JSON] = [["when": ["==": [["var": "run.status"], .string(wanted)]], "action": call]]
        if random.chance(60) { calls.append(["action": call]) }
        return .array(calls)
    }

    /// An answer to this call may be that it is accepted.
    package func mayAccept(_ step: Int, _ action: CallAction) -> Bool {
        action == .execute ? isCalledBack[step] : isUndoneLater[step]
    }

    /// Elements of all its lists.
    package var elementCount: Int { lists.reduce(0) { $0 + ($1?.count ?? 0) } }

    /// Something undoes what it does: its compensation, or, of a child that is waited for, its undoing.
    package func isUndoable(_ step: Int) -> Bool { isCompensable[step] || undoesChild(step) }

    package func undoesChild(_ step: Int) -> Bool {
        guard case .child(_, _, let isDetached) = kinds[step] else { return false }
        return !isDetached && !isCompensable[step]
    }

    package func makesCall(_ step: Int) -> Bool {
        if case .call = kinds[step] { true } else { false }
    }

    private static func json(
        _ name: String, _ dependencies: [[Int]], _ kinds: [Kind], _ lists: [(count: Int, maxParallel: Int)?],
        _ continues: [Bool],
        _ needsSuccess: [Bool], _ isCompensable: [Bool],
        _ isCalledBack: [Bool], _ isUndoneLater: [Bool], _ isPolled: [Bool], _ every: Int,
        _ callback: (timeout: Int, heartbeat: Int?), _ when: [When],
        _ pivot: Int?, _ maxAttempts: Int,
        _ maxCompensationAttempts: Int, _ initial: Duration, _ maximum: Duration, _ multiplier: Int, _ timeout: String?,
        _ onEnd: JSON?
    ) -> JSON {
        func policy(_ attempts: Int) -> JSON {
            [
                "maxAttempts": JSON(attempts), "initialInterval": .string(DurationText.format(initial)),
                "maxInterval": .string(DurationText.format(maximum)), "multiplier": JSON(multiplier), "jitter": 0.25,
            ]
        }
        var completion: JSON = ["timeout": .string("\(callback.timeout)ms")]
        if let heartbeat = callback.heartbeat { completion["heartbeatTimeout"] = .string("\(heartbeat)ms") }
        let poll: JSON = [
            "path": "/jobs/${response.body.job}", "every": .string("\(every)ms"),
            "timeout": .string("\(callback.timeout)ms"),
            "succeededWhen": ["==": [["var": "response.body.state"], "done"]],
            "failedWhen": ["==": [["var": "response.body.state"], "failed"]],
        ]
        let steps = dependencies.indices.map { index in
            let completion: JSON = isPolled[index] ? ["poll": poll] : ["callback": completion]
            var step: JSON = ["id": "s\(index)", "dependsOn": .array(dependencies[index].map { "s\($0)" })]
            switch kinds[index] {
            case .call:
                step["action"] = ["participant": "p", "path": "/do", "timeout": "2s"]
                if isCalledBack[index] { step["action"]?["completion"] = completion }
            case .wait(let milliseconds): step["wait"] = ["for": .string("\(milliseconds)ms")]
            case .signal(let name, let milliseconds, let wants):
                step["await"] = ["signal": .string(name)]
                if wants { step["await"]?["where"] = ["var": "payload.ok"] }
                if let milliseconds { step["timeout"] = .string("\(milliseconds)ms") }
            case .child(let workflow, let milliseconds, let isDetached):
                step["run"] = ["workflow": .string(workflow), "input": ["of": "${run.id}"]]
                if isDetached {
                    step["run"]?["detached"] = true
                } else if let milliseconds {
                    step["timeout"] = .string("\(milliseconds)ms")
                }
            case .end(let isCompleted): step["end"] = ["as": .string(isCompleted ? "completed" : "failed")]
            }
            if let list = lists[index] {
                step["forEach"] = [
                    "in": .array((0..<list.count).map { JSON($0) }), "maxParallel": JSON(list.maxParallel),
                ]
            }
            if pivot == index { step["pivot"] = true }
            if continues[index] { step["onFailure"] = "continue" }
            if needsSuccess[index] { step["runIf"] = "succeeded" }
            if isCompensable[index] {
                step["compensation"] = ["participant": "p", "path": "/undo", "timeout": "2s"]
                if isUndoneLater[index] { step["compensation"]?["completion"] = completion }
            }
            switch when[index] {
            case .always: break
            case .never: step["when"] = false
            case .succeeded(let other):
                step["when"] = ["==": [["var": "steps.s\(other).status"], "SUCCEEDED"]]
            }
            return step
        }
        var workflow: JSON = [
            "name": .string(name), "version": "1.0.0", "retry": policy(maxAttempts),
            "compensationRetry": policy(maxCompensationAttempts), "steps": .array(steps),
        ]
        if let timeout { workflow["timeout"] = .string(timeout) }
        if let onEnd { workflow["onEnd"] = onEnd }
        return workflow
    }
}
