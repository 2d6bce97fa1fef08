import Core

/// One run: what explains it first, then its shape, what is in it, what can be done.
package struct RunPage: Sendable {
    let view: RunView
    let frame: Frame

    package init(_ view: RunView, _ frame: Frame) {
        self.view = view
        self.frame = frame
    }

    private var run: RunSummary { view.run }
    private var whole: String { frame.paths.json(run.id) }

    package var html: HTML {
        frame.page(
            "\(run.workflow) \(run.id.suffix(12))", in: .runs,
            live: .stream(frame.paths.stream(run.id, after: view.lastSequence)),
            #"""
            <nav class="crumbs" aria-label="Where you are"><a href="\#(frame.paths.runs)">Runs</a> <span aria-hidden="true">/</span> <a href="\#(Paths.query(frame.paths.runs, [("workflow", run.workflow)]))">\#(run.workflow)</a></nav>
            <div id="run-head" data-live>\#(head)</div>
            <div id="run-actions" data-live>\#(actions)</div>
            <div id="run-picture" data-live>\#(RunPicture(view: view, frame: frame).html)</div>
            <section aria-labelledby="steps-title"><h2 id="steps-title">Steps</h2>
            <div id="run-steps" data-live>\#(RunSteps(view: view, frame: frame).html)</div></section>
            <section aria-labelledby="payloads-title"><h2 id="payloads-title">Payloads</h2>
            <div id="run-payloads" data-live>\#(payloads)</div></section>
            <section aria-labelledby="history-title"><h2 id="history-title">History</h2>
            <div id="run-events" data-live>\#(RunHistory(view: view, frame: frame).html)</div></section>
            <section aria-labelledby="api-title"><h2 id="api-title">With the API</h2>\#(commands)</section>
            """#)
    }

    private var head: HTML {
        let sentence = RunSentence(view)
        return #"""
            <div class="title"><h1>\#(run.workflow) <span class="version">\#(run.version)</span></h1>\#(Part.status(run.status, isPaused: run.isPaused))</div>
            <p class="sentence\#(if: sentence.needsPerson, " needs")" id="sentence">\#(sentence.html(frame.paths))</p>
            <dl class="facts">
            <div><dt>Run</dt><dd><code>\#(run.id)</code></dd></div>
            \#(if: run.correlationID != run.id, fact("Correlation id", link(run.correlationID, "correlationId")))
            <div><dt>Started</dt><dd>\#(Part.time(run.createdAt))</dd></div>
            \#(if: run.completedAt != nil, fact("Ended", Part.time(run.completedAt)))
            \#(if: run.completedAt == nil, fact("Last change", Part.time(run.updatedAt)))
            \#(if: run.deadlineAt != nil, fact("Deadline", Part.time(run.deadlineAt)))
            \#(relatives)\#(elsewhere)
            </dl>
            """#
    }

    private func fact(_ name: String, _ value: HTML) -> HTML { "<div><dt>\(name)</dt><dd>\(value)</dd></div>" }

    private func link(_ text: String, _ filter: String) -> HTML {
        #"<a href="\#(Paths.query(frame.paths.runs, [(filter, text)]))"><bdi>\#(text)</bdi></a>"#
    }

    private func link(_ id: String, note: String?) -> HTML {
        let more: HTML? = note.map { #" <span class="quiet">\#($0)</span>"# }
        return #"<a href="\#(frame.paths.run(id))">\#(Part.short(id))</a>\#(more)"#
    }

    private var relatives: HTML {
        var facts = HTML.empty
        if let parent = run.parent { facts += fact("Started by", link(parent.id, note: parent.note)) }
        if let other = run.restartedFrom {
            facts += fact("Does anew", link(other.id, note: other.note.map { "from \($0)" }))
        }
        if let other = run.restartedAs { facts += fact("Done anew by", link(other, note: nil)) }
        if !run.endCalls.isEmpty {
            facts += fact(
                "After its end", run.endCalls.map { link($0.id, note: $0.note?.lowercased()) }.joined(by: ", "))
        }
        if view.steps.contains(where: { $0.child != nil }) {
            let all: HTML = #"<a href="\#(Paths.query(frame.paths.runs, [("parent", run.id)]))">all it has started</a>"#
            facts += fact("Children", all)
        }
        return facts
    }

    /// Its trace and its logs, in systems of others.
    private var elsewhere: HTML {
        let links = view.links.links(for: run).map { title, url -> HTML in
            #"<a href="\#(url)" rel="external noreferrer">\#(title)</a>"#
        }
        return links.isEmpty ? .empty : fact("Elsewhere", links.joined(by: ", "))
    }

    private var actions: HTML {
        let fitting = RunAction.fitting(view, permissions: frame.permissions, isKnown: frame.reader != nil)
        if fitting.isEmpty { return .empty }
        let forms = fitting.map { ActionForm(action: $0, view: view, frame: frame).html }
        return #"<div class="actions" role="group" aria-label="What you can do">\#(forms)</div>"#
    }

    private var payloads: HTML {
        func part(_ json: JSON?, _ title: String, _ id: String) -> HTML? {
            json.map { PayloadView(json: $0, whole: whole).details(title, id: id) }
        }
        let response = run.error?.response
        let all: HTML =
            "\(part(view.input, "Input", "p-input"))\(part(view.output, "Output", "p-output"))\(part(view.context, "Context", "p-context"))\(part(response, "What the participant answered", "p-response"))"
        return all.isEmpty ? Part.empty("This run has no payloads.") : all
    }

    private var commands: HTML {
        let url = "\(frame.origin)/v1/runs/\(run.id)"
        return #"""
            <details class="payload" id="curl"><summary>As commands</summary>
            \#(Part.copied("curl -H \"X-Api-Key: $SAGAFLOW_KEY\" \(url)", id: "curl-run"))
            \#(Part.copied("curl -H \"X-Api-Key: $SAGAFLOW_KEY\" \(url)/events", id: "curl-events"))
            \#(Part.copied("saga run get \(run.id)", id: "saga-run"))</details>
            <p><a href="\#(whole)">The run as JSON</a></p>
            """#
    }
}
