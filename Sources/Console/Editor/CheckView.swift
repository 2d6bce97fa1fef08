import Core

/// What is said beside a text that somebody writes. Its parts are exchanged while they write.
struct CheckView {
    let check: DefinitionCheck
    /// Where it is said what a definition may have.
    let frame: Frame
    /// It may be registered by whoever reads.
    let mayRegister: Bool
    /// The tenant whose own it would be; nil for what all share, or for whatever the reader's key says.
    let tenant: String?

    /// Findings that are shown; whoever has more mends these first.
    private static let most = 100

    // MARK: In a line

    var says: HTML { #"<div id="check-says">\#(sentence)</div>"# }

    private var sentence: HTML {
        let (icon, tone, words) = summary
        let trouble: HTML? = check.trouble.map {
            #"<p class="state undo">\#(Icon.warning.svg)Not all of it could be checked</p><p class="quiet">\#($0)</p>"#
        }
        return #"<p class="state \#(tone)">\#(icon.svg)<span>\#(words)</span></p>\#(trouble)"#
    }

    private var summary: (icon: Icon, tone: String, words: HTML) {
        let counts = [
            (check.count(.error), "error"), (check.count(.warning), "warning"), (check.count(.note), "note"),
        ].filter { $0.0 > 0 }.map { Part.count($0.0, $0.1) }.joined(by: ", ")
        switch check.standing {
        case .unreadable: return (.failed, "bad", check.isJSON ? "Not JSON yet" : "Not YAML yet")
        case .refused: return (.failed, "bad", counts)
        case .new, .same, .taken, .unknown:
            let steps = Part.count(check.definition?.steps.count ?? 0, "step")
            return (.done, "good", #"Valid: \#(steps)\#(if: !counts.isEmpty, ", \(counts)")"#)
        }
    }

    // MARK: Findings

    var findings: HTML {
        guard !check.remarks.isEmpty else { return #"<div id="check-findings"></div>"# }
        let shown = check.remarks.prefix(Self.most).map(row)
        let rest = check.remarks.count - shown.count
        let more: HTML = #"<p class="quiet">And \#(Part.number(rest)) more.</p>"#
        return #"""
            <div id="check-findings"><h2>Findings</h2><ul class="findings">\#(shown)</ul>\#(if: rest > 0, more)</div>
            """#
    }

    private func row(_ remark: DefinitionCheck.Remark) -> HTML {
        let (icon, tone, word): (Icon, String, String) =
            switch remark.severity {
            case .error: (.failed, "bad", "Error")
            case .warning: (.warning, "undo", "Warning")
            case .note: (.waiting, "quiet", "Note")
            }
        let line: HTML? = remark.line.map {
            ##"<a class="nowrap" href="#definition" data-line="\##($0)" data-column="\##(remark.column ?? 1)" data-tone="\##(tone)">line \##($0)</a>"##
        }
        let about = [remark.rule, remark.pointer.isEmpty ? nil : remark.pointer].compactMap { $0 }
        let place: HTML =
            #"<span class="quiet under">\#(about.map { #"<code>\#(Self.cut($0))</code>"# as HTML }.joined(by: " at "))</span>"#
        return #"""
            <li><span class="state \#(tone)">\#(icon.svg)\#(word)</span>\#(line)<span class="detail">\#(remark.detail)</span>\#(if: !about.isEmpty, place)</li>
            """#
    }

    /// A member's name may be as long as a text.
    private static func cut(_ text: String) -> String { text.count > 120 ? text.prefix(117) + "…" : text }

    // MARK: The drawing

    /// Without one the last stays, where a script sees to it.
    var graph: HTML {
        guard let definition = check.definition else {
            return #"<div id="check-graph"><p class="quiet">It is drawn once its rules hold.</p></div>"#
        }
        let graph =
            check.base.map { RunGraph(comparing: $0, with: definition, columns: 3) }
            ?? RunGraph(definition: definition, columns: 3)
        let lines = check.stepLines.map { "\($0.id):\($0.line)" }.joined(separator: " ")
        return #"""
            <div id="check-graph" data-steps="\#(lines)"><h2>\#(heading)</h2>
            <div class="picture" tabindex="0" role="group" aria-label="Graph">\#(graph.svg)</div>
            <details class="payload" id="graph-as-table"><summary>The graph as a table</summary><div class="scroll" tabindex="0" role="group" aria-label="The graph as a table">\#(graph.table)</div></details></div>
            """#
    }

    private var heading: HTML {
        check.base.map { #"What changes against \#($0.versionText)"# } ?? "Graph"
    }

    // MARK: What registering it would do

    var will: HTML {
        let register: HTML = #"<button class="button primary" name="action" value="register">Register</button>"#
        let isMuch = mayRegister && check.standing != .same
        return #"""
            <div id="check-will"><p>\#(consequence)</p>
            <div class="actions">\#(if: isMuch, register)\#(other)<button class="button" name="action" value="check">Check</button></div></div>
            """#
    }

    private var consequence: HTML {
        let title = check.title ?? ""
        let link: HTML = #"<a href="\#(path)">\#(title)</a>"#
        switch check.standing {
        case .unreadable: return "As it stands it can't be read."
        case .refused: return "As it stands it would be refused."
        case .same: return #"\#(link) is registered with this very content: there is nothing to do."#
        case .taken:
            return #"""
                \#(link) is registered with other content, and a version never changes: this needs another number.
                """#
        case .new, .unknown:
            guard mayRegister else { return "Your key may not register it: take the text along." }
            let whose: HTML = tenant.map { " of \($0)" } ?? ""
            return #"""
                Registers <b>\#(title)</b>\#(whose) for good. Starts without a version take the highest release; runs that were started before keep theirs.
                """#
        }
    }

    private var path: String {
        guard let definition = check.definition else { return frame.paths.base }
        return Paths.query(
            frame.paths.registered(definition.name, definition.versionText), [("tenant", tenant)])
    }

    private var other: HTML? {
        guard case .taken(let next?) = check.standing else { return nil }
        return #"<button class="button" name="action" value="bump">Make it \#(next)</button>"#
    }
}
