// Tests of the saga's rules read as scripts: `Flow` writes a workflow definition in one line, `Play` drives a run of it
// with a line of words and writes down, in the same words, what the decider decided. A case of a table is then a flow, a
// script and the expected trace, and each rule can be read without a screen of set-up. The random histories, which check
// the same rules without expecting any particular trace, are in the folder Random.

import Core

/// A workflow definition written in one line.
///
/// Steps are separated by spaces: `a b c` is a chain. `d<b,c` depends on `b` and `c`, `d<` on nothing. Suffixes: `!` has no
/// compensation, `?` has a `when` that is false, `~` has one that asks for `input.go`, `%` one that looks for a one in
/// `input.list`, `#3` has a list of three entries, one after the other, `#3/2` two at a time, `#x` one that `input.list` is; `^` is the pivot, `+` goes on when it fails, `*` needs all it depends on to have succeeded. `wait:500ms` is `w500ms`, ends are
/// `end` and `fail`, a child run is `kid`: steps that begin with `w` and a digit wait, those called so end the run.
/// Actions have 3 attempts 100 ms apart (doubling), compensations 2 attempts 200 ms apart, without jitter.
struct Flow {
    let text: String
    var timeout: String?
    var output: JSON?
    /// Calls after the end.
    var onEnd: JSON?

    init(_ text: String, timeout: String? = nil, output: JSON? = nil, onEnd: JSON? = nil) {
        self.text = text
        self.timeout = timeout
        self.output = output
        self.onEnd = onEnd
    }

    func definition() throws -> WorkflowDefinition {
        var workflow: JSON = [
            "name": "w", "version": "1.0.0",
            "retry": [
                "maxAttempts": 3, "initialInterval": "100ms", "maxInterval": "10s", "multiplier": 2, "jitter": 0,
            ],
            "compensationRetry": [
                "maxAttempts": 2, "initialInterval": "200ms", "maxInterval": "10s", "multiplier": 2, "jitter": 0,
            ],
            "steps": .array(text.split(separator: " ").map { step(String($0)) }),
        ]
        if let timeout { workflow["timeout"] = .string(timeout) }
        if let output { workflow["output"] = output }
        if let onEnd { workflow["onEnd"] = onEnd }
        return try WorkflowDefinition(workflow)
    }

    private static let flags = "!?~%+*^&@$="

    static let poll: JSON = [
        "path": "/jobs/${response.body.job}", "every": "2s", "timeout": "60s",
        "succeededWhen": ["==": [["var": "response.body.state"], "done"]],
        "failedWhen": ["==": [["var": "response.body.state"], "failed"]],
    ]

    private func step(_ word: String) -> JSON {
        let halves = word.split(separator: "<", omittingEmptySubsequences: false)
        let flags = word.filter { Self.flags.contains($0) }
        let parts = halves[0].filter { !Self.flags.contains($0) }.split(separator: "#")
        let id = String(parts[0])
        var step: JSON = ["id": .string(id)]
        var makesCall = false
        if id.hasPrefix("w"), id.dropFirst().first?.isNumber == true {
            step["wait"] = ["for": .string(String(id.dropFirst()))]
        } else if id.hasPrefix("sig") {
            // sig-ok, or with a timeout sig5s-ok.
            let halves = id.dropFirst(3).split(separator: "-", omittingEmptySubsequences: false).map(String.init)
            step["await"] = ["signal": .string(halves[1])]
            if flags.contains("&") { step["await"]?["where"] = ["var": "payload.ok"] }
            if !halves[0].isEmpty { step["timeout"] = .string(halves[0]) }
        } else if id.hasPrefix("kid") {
            // kid, or with a timeout kid5s, or kid5s-other; & is detached, @ has a compensation of its own, ! none.
            step["run"] = ["workflow": "child", "input": ["of": "${run.id}"]]
            let length = String(id.dropFirst(3).prefix { $0 != "-" })
            if !length.isEmpty { step["timeout"] = .string(length) }
            if flags.contains("&") { step["run"]?["detached"] = true }
            if flags.contains("@") { step["compensation"] = ["participant": "p", "path": "/undo"] }
            if flags.contains("!") { step["compensation"] = "none" }
        } else if id.hasPrefix("end") {
            step["end"] = ["as": "completed"]
        } else if id.hasPrefix("fail") {
            step["end"] = ["as": "failed", "reason": "No."]
        } else {
            step["action"] = ["participant": "p", "path": "/do"]
            // 202 is no end: it comes within a minute, with $ and a sign of life every ten seconds.
            if flags.contains("@") || flags.contains("$") {
                var callback: JSON = ["timeout": "60s"]
                if flags.contains("$") { callback["heartbeatTimeout"] = "10s" }
                step["action"]?["completion"] = ["callback": callback]
            }
            // 202 is no end: it is looked for every two seconds, for a minute.
            if flags.contains("=") {
                step["action"]?["completion"] = ["poll": Self.poll]
            }
            makesCall = true
        }
        if parts.count == 2 {
            let numbers = parts[1].split(separator: "/").map { Int($0) }
            step["forEach"] = ["in": numbers[0].map { .array((0..<$0).map { JSON($0) }) } ?? "${input.list}"]
            if numbers.count == 2 { step["forEach"]?["maxParallel"] = JSON(numbers[1] ?? 0) }
        }
        if flags.contains("^") { step["pivot"] = true }
        if flags.contains("+") { step["onFailure"] = "continue" }
        if flags.contains("*") { step["runIf"] = "succeeded" }
        if halves.count == 2 {
            let names = halves[1].filter { !Self.flags.contains($0) }.split(separator: ",")
            step["dependsOn"] = .array(names.map { .string(String($0)) })
        }
        if makesCall, !flags.contains("!") { step["compensation"] = ["participant": "p", "path": "/undo"] }
        if flags.contains("?") { step["when"] = false }
        if flags.contains("~") { step["when"] = ["var": "input.go"] }
        if flags.contains("%") { step["when"] = ["some": [["var": "input.list"], [">": [["var": ""], 0]]]] }
        return step
    }
}
