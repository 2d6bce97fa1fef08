internal import Core

/// One version: its graph, how it does, what its author may not have meant, and its text.
package struct VersionPage: Sendable {
    let version: VersionView
    let sight: WorkflowSight
    let frame: Frame

    package init(_ version: VersionView, _ sight: WorkflowSight, _ frame: Frame) {
        (self.version, self.sight, self.frame) = (version, sight, frame)
    }

    private var parts: WorkflowParts { WorkflowParts(sight: sight, frame: frame) }
    private var name: String { version.name }

    package var html: HTML {
        frame.page(
            "\(name) \(version.version)", in: .workflows,
            #"""
            \#(parts.crumbs([(name, frame.paths.workflow(name, sight.query))]))
            <div class="title"><h1>\#(name) <span class="version">\#(version.version)</span></h1>\#(if: version.deprecation != nil, WorkflowParts.deprecated)\#(WorkflowParts.owner(version.owner))</div>
            \#(version.definition?.description.map { #"<p class="sentence" dir="auto">\#($0)</p>"# as HTML })
            \#(facts)\#(actions)\#(graph)\#(figures)\#(findings)\#(participants)\#(text)
            """#)
    }

    private var facts: HTML {
        let deprecation: HTML? = version.deprecation.map {
            "<div><dt>Deprecated</dt><dd>\(WorkflowParts.deprecation($0))</dd></div>"
        }
        let steps: HTML? = version.definition.map {
            "<div><dt>Steps</dt><dd>\(Part.number($0.steps.count))</dd></div>"
        }
        let timeout: HTML? = version.definition?.timeout.map {
            "<div><dt>Timeout</dt><dd>\(Part.duration($0))</dd></div>"
        }
        return #"""
            <dl class="facts"><div><dt>Registered</dt><dd>\#(Part.time(version.createdAt)) by <bdi>\#(version.createdBy)</bdi></dd></div>\#(steps)\#(timeout)\#(deprecation)</dl>
            """#
    }

    // MARK: What can be done

    private var actions: HTML {
        var all = HTML.empty
        func link(_ title: String, _ path: String, isFirst: Bool = false) {
            all += #"<a class="button\#(if: isFirst, " primary")" href="\#(path)">\#(title)</a>"#
        }
        let query = sight.query
        if frame.may("runs:start") {
            link(
                "Start a run", frame.paths.workflow(name, part: "start", query + [("version", version.version)]),
                isFirst: true)
        }
        if let before = version.before {
            link(
                "What has changed since \(before)",
                frame.paths.workflow(name, part: "compare", query + [("from", before), ("to", version.version)]))
        }
        if frame.may("workflows:write"), sight.mayChange(version.owner) {
            link("Write the next version", frame.paths.version(name, version.version, part: "edit", query))
            all += version.deprecation == nil ? deprecate : restore
        }
        return all.isEmpty ? .empty : #"<div class="actions" role="group" aria-label="What you can do">\#(all)</div>"#
    }

    private func path(_ part: String) -> String { frame.paths.version(name, version.version, part: part, sight.query) }

    private var deprecate: HTML {
        parts.action(
            "deprecate", "Deprecate", of: version.owner, to: path("deprecate"), isGrave: true,
            "A start without a version skips it from now on. Nothing else changes: runs under way go on, and a start that names it takes it.\(parts.reach(version.owner))",
            fields: parts.reason("deprecate", isNeeded: false))
    }

    private var restore: HTML {
        parts.action(
            "restore", "Take the deprecation back", of: version.owner, to: path("restore"),
            "A start without a version may take it again.\(parts.reach(version.owner))", fields: .empty)
    }

    // MARK: What it is

    private var graph: HTML {
        guard let definition = version.definition else {
            return Part.notice(
                Notice("A newer release has registered this: its graph can't be drawn here.", isProblem: true))
        }
        let graph = RunGraph(definition: definition)
        return #"""
            <section aria-labelledby="graph-title"><h2 id="graph-title">Graph</h2>
            <div class="picture" tabindex="0" role="group" aria-label="Graph">\#(graph.svg)</div>
            <details class="payload" id="graph-as-table"><summary>The graph as a table</summary><div class="scroll" tabindex="0" role="group" aria-label="The graph as a table">\#(graph.table)</div></details></section>
            """#
    }

    private var figures: HTML {
        guard let statistics = version.statistics else { return .empty }
        let figures = VersionFigures(statistics: statistics)
        return #"""
            <section aria-labelledby="figures-title"><h2 id="figures-title">How it does</h2>\#(figures.html)</section>
            """#
    }

    private var findings: HTML {
        let list: HTML =
            version.findings.isEmpty
            ? #"<p><span class="state good">\#(Icon.done.svg)Nothing found</span></p>"#
            : #"<ul class="list">\#(version.findings.map(FindingLine.html))</ul>"#
        let note: HTML =
            #"<p class="quiet">Of the participants themselves nothing is said: your key may not see them.</p>"#
        return #"""
            <section aria-labelledby="findings-title"><h2 id="findings-title">What its author may not have meant</h2>\#(list)\#(if: !version.knowsParticipants, note)</section>
            """#
    }

    private var participants: HTML {
        guard let definition = version.definition else { return .empty }
        let names = Self.participants(definition)
        let list: HTML =
            names.isEmpty
            ? #"<p class="quiet">None.</p>"#
            : #"<ul class="list">\#(names.map { participant($0, definition) })</ul>"#
        return #"""
            <section aria-labelledby="participants-title"><h2 id="participants-title">Participants it calls</h2>\#(list)</section>
            """#
    }

    /// All that it may call, by name.
    static func participants(_ definition: WorkflowDefinition) -> [String] {
        let steps = definition.steps + (definition.onEnd?.steps ?? [])
        let calls = steps.flatMap { [$0.action.call, $0.compensation].compactMap { $0 } }
        return Set(calls.flatMap(\.participant.names)).sorted()
    }

    private func participant(_ name: String, _ definition: WorkflowDefinition) -> HTML {
        let steps = definition.steps.filter { step in
            [step.action.call, step.compensation].contains { $0?.participant.names.contains(name) ?? false }
        }
        let title: HTML =
            frame.may("participants:read")
            ? #"<a href="\#(frame.paths.participant(name, seenBy: sight.tenant))">\#(name)</a>"# : "<b>\(name)</b>"
        return #"<li>\#(title)<span class="quiet">\#(steps.map(\.id).joined(separator: ", "))</span></li>"#
    }

    private var text: HTML {
        let path = "/v1/workflows/\(name)/\(version.version)"
        return #"""
            <section aria-labelledby="text-title"><h2 id="text-title">Definition</h2>
            <details class="payload" id="definition"><summary>As it was registered <span class="quiet">\#(Part.count(version.source.bytes.count, "byte"))</span></summary>
            \#(definitionText)</details>
            <details class="payload" id="commands"><summary>As commands</summary>
            \#(Part.copied("curl -H \"X-Api-Key: $SAGAFLOW_KEY\" \(frame.origin)\(path)", id: "curl-version"))
            \#(Part.copied("saga workflow show \(name)@\(version.version)", id: "saga-version"))</details></section>
            """#
    }

    /// Bytes of a definition that a page shows.
    private static let most = 48 * 1024

    private var definitionText: HTML {
        guard version.source.bytes.count <= Self.most else {
            let path = frame.paths.version(name, version.version, part: "json", sight.query)
            return #"<p>Too long to be shown here. <a href="\#(path)">See it as JSON</a>.</p>"#
        }
        return Part.copied(PayloadView.lines(version.source), id: "definition-text")
    }
}

/// A finding in a list.
enum FindingLine {
    static func html(_ finding: Finding) -> HTML {
        let (icon, tone, word): (Icon, String, String) =
            switch finding.severity {
            case .error: (.failed, "bad", "Error")
            case .warning: (.warning, "undo", "Warning")
            case .note: (.pending, "quiet", "Note")
            }
        return #"""
            <li><span class="state \#(tone)">\#(icon.svg)\#(word)</span><span dir="auto">\#(finding.detail)</span><code class="quiet">\#(finding.pointer.description)</code></li>
            """#
    }
}
