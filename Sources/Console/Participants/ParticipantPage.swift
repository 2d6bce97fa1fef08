/// One participant: how it does, who waits for it, and what is registered.
package struct ParticipantPage: Sendable {
    let participant: ParticipantView
    /// Runs that wait for it.
    let runs: [RunSummary]
    /// Whoever reads may change it, as far as whose it is.
    let isOwn: Bool
    let form: ParticipantForm
    let frame: Frame

    package init(
        _ participant: ParticipantView, runs: [RunSummary], isOwn: Bool, form: ParticipantForm, _ frame: Frame
    ) {
        self.participant = participant
        self.runs = runs
        self.isOwn = isOwn
        self.form = form
        self.frame = frame
    }

    package var html: HTML {
        let owner: HTML =
            participant.isShared
            ? #"<span class="mark-text">shared by all tenants</span>"#
            : #"<span class="mark-text">of \#(participant.tenant)</span>"#
        return frame.page(
            participant.name, in: .participants, live: .every(5),
            #"""
            <nav class="crumbs" aria-label="Where you are"><a href="\#(frame.paths.participants)">Participants</a></nav>
            <div id="participant" data-live><div class="title"><h1>\#(participant.name)</h1>\#(participant.state)\#(owner)</div>
            <p class="sentence\#(if: isBad, " needs")">\#(sentence)</p>
            \#(facts)\#(engines)\#(waiting)</div>
            \#(if: isOwn, actions)
            \#(if: isOwn && frame.may("participants:write") && participant.url != nil, edit)
            """#)
    }

    private var isBad: Bool { participant.lacks != nil || participant.open > 0 }

    private var sentence: HTML {
        if let pause = participant.pause {
            return
                #"Paused by \#(pause.by) \#(Part.time(pause.since, isRelative: true)): <q dir="auto">\#(pause.reason)</q>. No call is sent until it is resumed\#(held)."#
        }
        if let lacks = participant.lacks { return #"An engine can't call it: <span dir="auto">\#(lacks)</span>"# }
        if participant.open > 0 {
            let error: HTML? = participant.lastError.map { #" Last it said: <q dir="auto">\#($0)</q>"# }
            return
                "It keeps failing, so \(Part.count(participant.open, "engine")) \(participant.open == 1 ? "does" : "do") not call it for now; after a while a call tries whether it is back.\(error)"
        }
        if let error = participant.lastError {
            return #"It is called, and has failed lately: <q dir="auto">\#(error)</q>"#
        }
        guard participant.url != nil else {
            return "It is shared by all tenants: more of it is for whoever runs the system."
        }
        guard let slowest = participant.slowest else {
            return participant.inFlight > 0
                ? "\(Part.count(participant.inFlight, "call")) in flight." : "No engine has called it lately."
        }
        return
            "It answers \(participant.perSecond ?? "0") calls a second: half of them within \(slowest.p50 ?? "?") ms, 99 % within \(slowest.p99 ?? "?") ms. \(Part.count(participant.inFlight, "call")) in flight."
    }

    private var held: HTML {
        let count = participant.engines.reduce(0) { $0 + $1.held }
        return count > 0 ? "; \(Part.count(count, "call")) \(count == 1 ? "waits" : "wait") for that" : .empty
    }

    private var facts: HTML {
        guard let url = participant.url else { return .empty }
        let rate: HTML? = participant.rate.map {
            "\($0.perSecond) a second\(if: $0.burst > 1, ", \(Part.number($0.burst)) at once")"
        }
        let breaker: HTML =
            participant.breaker.map {
                "opens after \(Part.count($0.failures, "failure")) in a row, for \($0.openFor)"
            } ?? "switched off"
        let secrets: HTML? = participant.secretsKey.map { "encrypted with the key \($0)" }
        let names = (["certificate", "key", "ca"] as [String]).enumerated().compactMap { place, word -> String? in
            [participant.tls.certificate, participant.tls.key, participant.tls.ca][place].map { "\(word) \($0)" }
        }
        return #"""
            <dl class="facts">\#(Part.fact("URL", #"<span class="url" dir="ltr">\#(url)</span>"#))
            \#(Part.fact("Calls at once", participant.maxConcurrent.map { Part.number($0) } ?? "no limit"))\#(Part.fact("Rate", rate ?? "no limit"))\#(Part.fact("Breaker", breaker))
            \#(Part.fact("Headers", participant.headerNames.isEmpty ? nil : HTML(text: participant.headerNames.joined(separator: ", "))))
            \#(Part.fact("Signed with", participant.signWith.isEmpty ? nil : HTML(text: participant.signWith.joined(separator: ", "))))
            \#(Part.fact("TLS", names.isEmpty ? nil : HTML(text: names.joined(separator: ", "))))
            \#(Part.fact("Access tokens", participant.client.map { "from \($0.tokenURL) as \($0.clientID)" }))\#(Part.fact("Secrets", secrets))
            \#(Part.fact("Changed", Part.time(participant.updatedAt)))</dl>
            """#
    }

    private var engines: HTML {
        guard !participant.engines.isEmpty else { return .empty }
        return #"""
            <section aria-labelledby="at-engines"><h2 id="at-engines">At each engine</h2>
            <div class="scroll" tabindex="0" role="group" aria-label="At each engine"><table class="stacked"><thead><tr><th scope="col">Engine</th><th scope="col">Breaker</th><th scope="col">In flight</th><th scope="col">Held back</th><th scope="col">A second</th><th scope="col">Half within</th><th scope="col">99 % within</th><th scope="col">Last error</th></tr></thead><tbody>\#(participant.engines.map(row))</tbody></table></div>
            <p class="quiet">As engines told a few seconds ago; how long it takes is of the last ten seconds or so, and at most a quarter too much.</p></section>
            """#
    }

    private func row(_ engine: ParticipantView.AtEngine) -> HTML {
        let left: HTML? = engine.opensFor.map { #" <span class="quiet">\#(Part.duration($0)) more</span>"# }
        let failures: HTML = #"<span class="quiet">\#(Part.count(engine.failures, "failure")) in a row</span>"#
        let breaker: HTML =
            switch engine.breaker {
            case "open": #"<span class="state bad">\#(Icon.warning.svg)Open</span>\#(left)"#
            case "halfOpen": #"<span class="state busy">\#(Icon.waiting.svg)Tries again</span>"#
            case "closed", nil:
                #"<span class="state good">\#(Icon.done.svg)Closed</span>\#(if: engine.failures > 0, failures)"#
            case let other?: #"<span class="state quiet">\#(Icon.unknown.svg)\#(other)</span>"#
            }
        let held: [HTML] = [
            (engine.queued, "for a limit"), (engine.waiting, "for the breaker"), (engine.held, "for the resume"),
        ].filter { $0.0 > 0 }.map { #"<span class="nowrap">\#(Part.number($0.0)) \#($0.1)</span> "# }
        let age: HTML? = engine.lastErrorAge.map { #" <span class="quiet">\#(Part.duration($0)) ago</span>"# }
        return #"""
            <tr><th scope="row">\#(engine.host ?? "")\#(if: engine.host == nil, Part.short(engine.id))</th><td data-name="Breaker">\#(breaker)</td><td data-name="In flight">\#(Part.number(engine.inFlight ?? 0))</td><td data-name="Held back">\#(held.isEmpty ? "0" : held.joined())</td>
            <td data-name="A second">\#(engine.perSecond ?? "–")</td><td data-name="Half within">\#(ParticipantsPage.milliseconds(engine.p50))</td><td data-name="99 % within">\#(ParticipantsPage.milliseconds(engine.p99))</td>
            <td class="says"><span class="error" dir="auto">\#(engine.lacks ?? engine.lastError)</span>\#(age)</td></tr>
            """#
    }

    private var waiting: HTML {
        guard frame.may("runs:read") else { return .empty }
        let rows = runs.prefix(10).map { run -> HTML in
            #"<li><a href="\#(frame.paths.run(run.id))">\#(run.workflow) \#(Part.short(run.id))</a>\#(Part.status(run.status))\#(RunLine(run: run).html)</li>"#
        }
        let list: HTML =
            runs.isEmpty
            ? #"<p class="quiet">None of the runs that wait waits for it.</p>"# : #"<ul class="list">\#(rows)</ul>"#
        let links = [("participant", "for what is paused"), ("retry", "to try again"), ("poll", "for accepted work")]
            .map {
                #"<a href="\#(Paths.query(frame.paths.runs, [("waitingFor", $0.0)]))">\#($0.1)</a>"# as HTML
            }
        return #"""
            <section aria-labelledby="waiting"><h2 id="waiting">Runs that wait for it</h2>\#(list)
            <p class="quiet">All runs that wait \#(links.joined(by: ", ")).</p></section>
            """#
    }

    // MARK: What can be done

    private func action(_ id: String, _ title: String, isGrave: Bool = false, _ says: HTML, _ reason: Bool?) -> HTML {
        let path = frame.paths.participant(participant.name, tenant: participant.tenant, part: "/\(id)")
        let field: HTML? = reason.map { needed in
            #"<label for="act-\#(id)-reason">Reason\#(if: !needed, #" <span class="quiet">(may be left out)</span>"#)</label><input id="act-\#(id)-reason" name="reason" maxlength="1000" autocomplete="off"\#("required", if: needed)>"#
        }
        return #"""
            <details class="action" id="act-\#(id)"><summary class="button\#(if: isGrave, " grave")">\#(title)</summary>
            <form class="action-body" method="post" action="\#(path)">\#(frame.token)<p>\#(says)</p>\#(field)<button class="button \#(isGrave ? "grave" : "primary")">\#(title) \#(participant.name)</button></form></details>
            """#
    }

    private var actions: HTML {
        let pause =
            participant.pause == nil
            ? action(
                "pause", "Pause",
                "Calls in flight finish. No other is sent until it is resumed: runs wait, and nothing is lost.", true)
            : action("resume", "Resume", "What waits for it goes on, with all its attempts.", false)
        let remove = action(
            "delete", "Delete", isGrave: true,
            "Runs that call it find nobody by this name\(participant.isShared ? "" : ", or the one that is shared"): their calls are not sent and are tried again, until they give up. Its headers and its pause are gone with it.",
            nil)
        return #"""
            <div class="actions">\#(if: frame.may("workflows:operate"), pause)\#(if: frame.may("participants:write"), remove)</div>
            """#
    }

    private var edit: HTML {
        #"""
        <section aria-labelledby="registered"><h2 id="registered">Its registration</h2>
        <details class="panel" id="edit"\#("open", if: form.faults != nil)><summary class="button">Edit</summary>
        <p class="hint">Engines follow within a second. Values of headers and the client secret stay as long as URL, TLS and token URL do; where they change, write them anew.</p>\#(form.html(frame))</details></section>
        """#
    }
}
