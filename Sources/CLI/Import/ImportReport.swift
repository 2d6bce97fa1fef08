import Core

/// What became of the lines of an import, from the objects it is answered with.
struct ImportReport {
    let workflow: String
    /// The number of the first line that was sent.
    let first: Int
    private(set) var started = 0
    private(set) var replayed = 0
    private(set) var refused = 0
    /// Why the import ended before its file, and the line with which to go on.
    private(set) var end: (reason: String, resumeFrom: Int)?
    /// The last line that was answered.
    private(set) var lastLine: Int

    init(workflow: String, first: Int) {
        self.workflow = workflow
        self.first = first
        lastLine = first - 1
    }

    var answered: Int { started + replayed + refused }
    /// Every line was started, now or before.
    var isComplete: Bool { refused == 0 && end == nil }

    /// Counts a result, and gives back that of a refused line, with the number the line has in the file.
    ///
    /// - Throws: `CLIError.misunderstood`.
    mutating func add(_ result: JSON) throws(CLIError) -> JSON? {
        guard let status = result["status"]?.int else { throw .misunderstood("a result without a status") }
        if let resumeFrom = result["resumeFrom"]?.int {
            let reason = CLIError.refused(status: status, problem: result["problem"] ?? .null).description
            end = (reason, first - 1 + resumeFrom)
            return nil
        }
        guard let line = result["line"]?.int else { throw .misunderstood("a result without a line") }
        lastLine = first - 1 + line
        guard status >= 400 else {
            if result["replayed"]?.bool == true { replayed += 1 } else { started += 1 }
            return nil
        }
        refused += 1
        var shown = result
        shown["line"] = JSON(lastLine)
        return shown
    }

    /// The connection broke: nobody knows about the lines after the last one that was answered.
    mutating func breakOff(_ reason: String) { if end == nil { end = (reason, lastLine + 1) } }

    /// A refused line for people.
    static func sentence(_ result: JSON) -> String {
        let reason = CLIError.refused(status: result["status"]?.int ?? 0, problem: result["problem"] ?? .null)
        return "line \(result["line"]?.int ?? 0) \(reason)"
    }

    /// So far, in a few words.
    var progress: String { "\(answered) lines answered, \(refused) refused" }

    func text(after duration: Duration) -> String {
        let seconds = duration.seconds
        let rate = seconds > 0 ? (Double(answered) / seconds).fixed(1) : "-"
        return "\(answered) lines of \(workflow) in \(duration.readable), \(rate) a second: "
            + "\(started) started, \(replayed) started before, \(refused) refused"
    }

    func json(after duration: Duration) -> JSON {
        [
            "workflow": .string(workflow), "lines": JSON(answered), "started": JSON(started),
            "replayed": JSON(replayed), "refused": JSON(refused),
            "resumeFrom": end.map { JSON($0.resumeFrom) } ?? .null,
            "seconds": .number(JSONNumber(duration.seconds) ?? JSONNumber(0)),
        ]
    }
}

/// How far an import is, on standard error: a line that changes on a terminal, a line every two seconds elsewhere.
struct ImportProgress {
    private let isLive: Bool
    private var lastShown = ContinuousClock.now
    private var isShown = false

    init(isLive: Bool) { self.isLive = isLive }

    mutating func show(_ text: @autoclosure () -> String) {
        let now = ContinuousClock.now
        guard now - lastShown >= (isLive ? .milliseconds(100) : .seconds(2)) else { return }
        lastShown = now
        if isLive {
            isShown = true
            Console.show("\r\(text())\u{1B}[K")
        } else {
            Console.complain(text())
        }
    }

    /// Takes the line away, for what follows.
    mutating func clear() {
        if isShown { Console.show("\r\u{1B}[K") }
        isShown = false
    }
}
