import Core

/// One thing the doctor looked at.
struct Finding: Equatable {
    /// How it is.
    enum State: String, CaseIterable {
        case ok, warn, fail
        /// Not looked at: something that is needed for it was not given, or has failed before.
        case skip
    }

    let state: State
    let subject: String
    /// A sentence.
    let detail: String
    /// What to do; nil when there is nothing to do.
    let advice: String?

    init(_ state: State, _ subject: String, _ detail: String, advice: String? = nil) {
        self.state = state
        self.subject = subject
        self.detail = detail
        self.advice = advice
    }

    func text(subjectWidth: Int, _ paint: Paint) -> String {
        let word = state.rawValue.left(4)
        let painted =
            switch state {
            case .ok: paint.green(word)
            case .warn: paint.yellow(word)
            case .fail: paint.red(word)
            case .skip: paint.dim(word)
            }
        let line = "\(painted)  \(subject.left(subjectWidth))  \(detail.oneLine)"
        let indent = String(repeating: " ", count: 4 + 2 + subjectWidth + 2)
        return line + (advice.map { "\n\(indent)→ \($0)" } ?? "")
    }

    /// `{check, state, detail, advice}`.
    var json: JSON {
        [
            "check": .string(subject), "state": .string(state.rawValue), "detail": .string(detail),
            "advice": JSON(advice),
        ]
    }
}

/// All of them.
struct DoctorReport {
    let findings: [Finding]

    func count(_ state: Finding.State) -> Int { findings.count { $0.state == state } }

    func text(_ paint: Paint) -> String {
        let width = findings.map(\.subject.count).max() ?? 0
        let counts = "\(count(.ok)) ok, \(count(.warn)) warnings, \(count(.fail)) failures"
        return (findings.map { $0.text(subjectWidth: width, paint) } + ["", counts]).joined(separator: "\n")
    }

    /// `{ok, warn, fail, skip, checks: [{check, state, detail, advice}]}`.
    var json: JSON {
        var object = JSONObject()
        for state in Finding.State.allCases { object[state.rawValue] = JSON(count(state)) }
        object["checks"] = .array(findings.map(\.json))
        return .object(object)
    }
}
