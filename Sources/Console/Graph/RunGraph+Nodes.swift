internal import Core

// One step and what undoes it, as they are drawn.

extension RunGraph {
    // MARK: A step

    func step(_ place: Int) -> HTML {
        let (step, box) = (plan.steps[place], layout.steps[place])
        let classes = [
            step.sign.map { "s-\($0.rawValue)" }, step.change.map(\.rawValue), step.isPivot ? "pivot" : nil,
        ]
        let hasKind = step.sign != nil && step.kind != .action
        let room = box.width - 38 - (hasKind ? 26 : 8)
        return #"""
            <g class="step \#(Self.joined(classes))" id="graph-step-\#(step.id)" data-step="\#(step.id)" \#
            data-lane="forward" \#
            transform="translate(\#(box.x) \#(box.y))"><title>\#(title(step))</title>\#
            \#(if: step.isList, #"<path class="stack" d="M8-4h\#(box.width - 12)a8 8 0 0 1 8 8v\#(box.height - 12)"/>"#)\#
            <rect class="box" width="\#(box.width)" height="\#(box.height)" rx="8"/>\#
            <g class="sign" transform="translate(10 11)">\#(step.sign?.icon.svg ?? step.kind.glyph.svg)</g>\#
            <text class="id" x="38" y="22">\#(FittedText(step.id, width: room, size: 13, isBold: true).shown)</text>\#
            \#(said(of: step, room: room))\#
            \#(if: hasKind, #"<g class="kind" transform="translate(\#(box.width - 26) 16)">\#(step.kind.glyph.svg)</g>"#)\#
            \#(proportions(of: step, box))\#(marks(of: step, box))</g>
            """#
    }

    /// The second line.
    private func said(of step: GraphStep, room: Int) -> HTML {
        var words =
            step.sign.map { sign in [sign.word, step.detail].compactMap(\.self).joined(separator: " · ") } ?? step.does
        if !step.elements.isEmpty {
            words = Self.progress(of: step.elements, done: [.succeeded, .kept, .skipped, .gaveUp], "done")
        }
        if let child = step.child { words = "→ \(child.workflow)\(child.status.map { " · \($0.lowercased())" } ?? "")" }
        let text: HTML = #"<text class="say" x="38" y="39">\#(FittedText(words, width: room, size: 11).shown)</text>"#
        if let childrenPath, !step.elementChildren.isEmpty {
            return #"<a class="child" href="\#(childrenPath)">\#(text)</a>"#
        }
        guard let child = step.child, let runPath else { return text }
        return #"<a class="child" href="\#(runPath)\#(child.run.description)">\#(text)</a>"#
    }

    /// How many elements stand how, as a bar.
    private func proportions(of step: GraphStep, _ box: GraphBox) -> HTML {
        let all = step.elements.reduce(0) { $0 + $1.count }
        guard all > 0 else { return .empty }
        let width = box.width - 16
        var (bar, before) = (HTML.empty, 0)
        for (sign, count) in step.elements.sorted(by: { $0.sign.progress < $1.sign.progress }) {
            let (from, to) = (before * width / all, (before + count) * width / all)
            bar +=
                #"<rect class="s-\#(sign.rawValue)" x="\#(8 + from)" y="\#(box.height - 7)" width="\#(max(2, to - from))" height="4"/>"#
            before += count
        }
        return #"<g class="proportions">\#(bar)</g>"#
    }

    private func marks(of step: GraphStep, _ box: GraphBox) -> HTML {
        var marks = HTML.empty
        var right = box.width - 8
        if step.attempts > 1 {
            let pill = Self.pill("×\(step.attempts)", "attempts", right: right, y: -8)
            marks += pill.svg
            right = pill.left - 4
        }
        if step.isUnknown {
            marks += Self.unknown(x: right - 18, y: -9)
            right -= 22
        }
        if step.isList {
            let count = step.elements.reduce(0) { $0 + $1.count }
            let pill = Self.pill(count > 0 ? "\(count) elements" : "for each", "each", right: right, y: -8)
            marks += pill.svg
            right = pill.left - 4
        }
        if step.change == .added || step.change == .removed || step.change == .changed {
            marks += Self.pill(step.change?.rawValue ?? "", "change", right: right, y: -8).svg
        }
        var left = 8
        for mark in step.marks {
            let isBelow = mark == "may fail"
            let pill = Self.pill(mark, "mark", left: isBelow ? 8 : left, y: isBelow ? box.height - 8 : -8)
            marks += pill.svg
            if !isBelow { left = pill.right + 4 }
        }
        if step.isPivot { marks += Self.pill("pivot", "pivot-mark", right: box.width - 8, y: box.height - 8).svg }
        return marks
    }

    private func title(_ step: GraphStep) -> String {
        var parts = ["\(step.id): \(step.sign.map { "\($0.word). It does" } ?? "it does") \(step.does)"]
        if let detail = step.detail { parts.append("\(detail)") }
        if step.attempts > 1 { parts.append("\(step.attempts) attempts") }
        if step.isUnknown { parts.append("an attempt's outcome is unknown: its effect may exist") }
        if !step.elements.isEmpty { parts.append("of its elements \(Self.words(of: step.elements, by: ", "))") }
        if let child = step.child { parts.append("its child run \(child.run) of \(child.workflow)") }
        parts += step.marks
        if step.isPivot { parts.append("pivot") }
        return parts.joined(separator: "; ")
    }

    // MARK: What undoes it

    func undo(_ place: Int) -> HTML {
        let (step, box) = (plan.steps[place], layout.undos[place])
        let sign = step.undoSign
        let classes = ["s-\(sign.rawValue)", sign.isHollow ? "hollow" : nil, step.change.map(\.rawValue)]
        let head: HTML = #"""
            <g class="undo-step \#(Self.joined(classes))" id="graph-undo-\#(step.id)" \#
            data-step="\#(step.id)" data-lane="undo" \#
            transform="translate(\#(box.x) \#(box.y))"><title>\#(undoTitle(step))</title>
            """#
        guard step.hasUndo else {
            return
                #"\#(head)<circle class="box" cx="\#(box.width / 2)" cy="\#(box.height / 2)" r="\#(box.width / 2 - 1)"/></g>"#
        }
        let room = box.width - 38 - 14
        var words = step.run(says: sign)
        if !step.undoneElements.isEmpty { words = Self.progress(of: step.undoneElements, done: [.undone], "undone") }
        var marks = HTML.empty
        var right = box.width - 18
        if step.undoAttempts > 1 {
            let pill = Self.pill("×\(step.undoAttempts)", "attempts", right: right, y: -8)
            marks += pill.svg
            right = pill.left - 4
        }
        if step.isUndoUnknown { marks += Self.unknown(x: right - 18, y: -9) }
        return #"""
            \#(head)<rect class="box" width="\#(box.width)" height="\#(box.height)" rx="\#(box.height / 2)"/>\#
            <g class="sign" transform="translate(10 10)">\#(sign.icon.svg)</g>\#
            <text class="id" x="38" y="17">\#(FittedText(step.id, width: room, size: 12, isBold: true).shown)</text>\#
            <text class="say" x="38" y="31">\#(FittedText(words, width: room, size: 11).shown)</text>\#(marks)</g>
            """#
    }

    private func undoTitle(_ step: GraphStep) -> String {
        var parts = ["Undo of \(step.id): \(step.undoSign.word)"]
        if let undoes = step.undoes { parts.append(undoes) }
        if step.undoSign == .stays { parts.append("it has no compensation: what it did stays") }
        if step.undoAttempts > 1 { parts.append("\(step.undoAttempts) attempts") }
        if step.isUndoUnknown { parts.append("an attempt's outcome is unknown") }
        if !step.undoneElements.isEmpty { parts.append(Self.words(of: step.undoneElements, by: ", ")) }
        return parts.joined(separator: "; ")
    }

    // MARK: Parts

    private static func joined(_ classes: [String?]) -> String { classes.compactMap(\.self).joined(separator: " ") }

    /// `2 failed · 188 of 200 done`.
    private static func progress(
        of counts: [(sign: GraphSign, count: Int)], done: Set<GraphSign>, _ word: String
    ) -> String {
        let all = counts.reduce(0) { $0 + $1.count }
        let finished = counts.reduce(0) { $0 + (done.contains($1.sign) ? $1.count : 0) }
        let failed = counts.first { [.failed, .stuck, .person].contains($0.sign) }
        return (failed.map { "\($0.count) failed · " } ?? "") + "\(finished) of \(all) \(word)"
    }

    /// `188 succeeded · 2 failed`.
    static func words(of counts: [(sign: GraphSign, count: Int)], by separator: String = " · ") -> String {
        counts.map { "\($0.count) \($0.sign.word)" }.joined(separator: separator)
    }

    private static func unknown(x: Int, y: Int) -> HTML {
        #"""
        <g class="sign s-unknown" transform="translate(\#(x) \#(y)) scale(.9)">\#
        <title>outcome unknown</title>\#(GraphIcon.unknown.svg)</g>
        """#
    }

    /// A word in a small frame, that ends at `right`, or begins at `left`.
    private static func pill(
        _ text: String, _ name: String, right: Int? = nil, left: Int = 0, y: Int
    ) -> (svg: HTML, left: Int, right: Int) {
        let width = FittedText.width(of: text, size: 10, isBold: true) + 10
        let x = right.map { $0 - width } ?? left
        return (
            #"""
            <g class="pill \#(name)" transform="translate(\#(x) \#(y))"><rect width="\#(width)" height="16" rx="8"/>\#
            <text x="\#(width / 2)" y="11.5">\#(text)</text></g>
            """#, x, x + width
        )
    }
}

extension GraphSign {
    /// What is done stands on the left of a bar, what has not begun on its right.
    fileprivate var progress: Int {
        switch self {
        case .succeeded: 0
        case .kept: 1
        case .skipped: 2
        case .gaveUp: 3
        case .failed, .person: 4
        case .executing, .accepted: 5
        case .waiting, .retrying: 6
        case .pending, .planned, .ready, .unused, .due, .undoing, .undone, .stuck, .closed, .noUndo, .stays, .nothing: 7
        }
    }
}

extension GraphStep {
    /// The second line of what undoes it.
    fileprivate func run(says sign: GraphSign) -> String {
        switch sign {
        case .planned: undoes ?? sign.word
        case .pending, .executing, .accepted, .waiting, .retrying, .person, .succeeded, .kept, .failed, .gaveUp,
            .skipped,
            .ready, .unused, .due, .undoing, .undone, .stuck, .closed, .noUndo, .stays, .nothing:
            sign.word
        }
    }
}

extension StepKind {
    var glyph: GraphIcon.Glyph {
        switch self {
        case .action: .call
        case .wait: .clock
        case .awaiting: .envelope
        case .run: .run
        case .end: .end
        }
    }
}
