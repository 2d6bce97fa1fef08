internal import Core

extension RunGraph {
    /// What the drawing says, as a table.
    package var table: HTML {
        let hasRun = run != nil
        let hasChange = plan.steps.contains { $0.change != nil }
        return #"""
            <table class="graph-table"><caption>\#(sentence)</caption><thead><tr><th scope="col">Step</th>\#
            \#(if: hasChange, #"<th scope="col">Change</th>"#)<th scope="col">Does</th><th scope="col">Waits for</th>\#
            \#(if: hasRun, #"<th scope="col">State</th><th scope="col">Attempts</th>"#)<th scope="col">Undo</th></tr></thead>\#
            <tbody>\#(plan.steps.indices.map { row($0, hasRun: hasRun, hasChange: hasChange) })</tbody></table>
            """#
    }

    private func row(_ place: Int, hasRun: Bool, hasChange: Bool) -> HTML {
        let step = plan.steps[place]
        let does = ([step.does] + step.marks + (step.isPivot ? ["pivot"] : []) + (step.isList ? ["for each"] : []))
            .joined(separator: ", ")
        return #"""
            <tr data-step="\#(step.id)"><th scope="row">\#(step.id)</th>\#
            \#(if: hasChange, #"<td>\#(step.change?.rawValue)</td>"#)<td>\#(does)</td><td>\#(waits(place))</td>\#
            \#(if: hasRun, #"<td>\#(state(step))</td><td>\#(step.attempts)</td>"#)<td>\#(undo(of: step))</td></tr>
            """#
    }

    private func waits(_ place: Int) -> String {
        let names = plan.dependencies[place].map { other -> String in
            let id = plan.steps[other].id
            switch plan.changes[GraphPlan.Line(from: other, to: place)] {
            case .added: return "\(id) (added)"
            case .removed: return "\(id) (removed)"
            case .changed, .same, nil: return id
            }
        }
        return names.isEmpty ? "nothing" : names.joined(separator: ", ")
    }

    private func state(_ step: GraphStep) -> HTML {
        var parts = [step.sign?.word, step.detail].compactMap(\.self)
        if step.isUnknown { parts.append("outcome unknown") }
        if !step.elements.isEmpty { parts.append(Self.words(of: step.elements, by: ", ")) }
        var html = HTML(text: parts.joined(separator: "; "))
        if let child = step.child {
            let name = "\(child.workflow) \(child.run)\(child.status.map { " (\($0))" } ?? "")"
            html +=
                runPath.map { #"; <a href="\#($0)\#(child.run.description)">\#(name)</a>"# } ?? HTML(text: "; \(name)")
        }
        return html + children(of: step)
    }

    /// Of runs that elements have started a table shows so many, those first that have not completed.
    private static let mostChildren = 20

    private func children(of step: GraphStep) -> HTML {
        guard let runPath, !step.elementChildren.isEmpty else { return .empty }
        let completed = RunStatus.completed.rawValue
        let ordered =
            step.elementChildren.filter { $0.status != completed }
            + step.elementChildren.filter { $0.status == completed }
        let links = ordered.prefix(Self.mostChildren).map { child -> HTML in
            let status = child.status.map { " (\($0))" } ?? ""
            return
                #"<a href="\#(runPath)\#(child.run.description)">\#(child.workflow) \#(child.run.description)\#(status)</a>"#
        }
        let rest = ordered.count - links.count
        let more: HTML = childrenPath.map { #", <a href="\#($0)">and \#(rest) more</a>"# } ?? ", and \(rest) more"
        return "; \(links.joined(by: ", "))\(if: rest > 0, more)"
    }

    private func undo(of step: GraphStep) -> String {
        var parts = [step.undoSign.word]
        if let undoes = step.undoes { parts.append(undoes) }
        if step.undoAttempts > 0 { parts.append("\(step.undoAttempts) attempts") }
        if step.isUndoUnknown { parts.append("outcome unknown") }
        if !step.undoneElements.isEmpty { parts.append(Self.words(of: step.undoneElements, by: ", ")) }
        return parts.joined(separator: "; ")
    }
}
