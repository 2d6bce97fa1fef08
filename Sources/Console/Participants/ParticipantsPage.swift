/// All participants that whoever reads may see.
package struct ParticipantsPage: Sendable {
    let participants: [ParticipantView]
    /// As whom they are seen; nil for what all share.
    let tenant: String?
    /// Part of a name.
    let find: String?
    /// Of this tenant alone is whoever reads.
    let ownTenant: String?
    /// A new one that was refused.
    let form: ParticipantForm?
    let frame: Frame

    package init(
        _ participants: [ParticipantView], tenant: String?, find: String?, ownTenant: String?, form: ParticipantForm?,
        _ frame: Frame
    ) {
        self.participants = participants
        self.tenant = tenant
        self.find = find
        self.ownTenant = ownTenant
        self.form = form
        self.frame = frame
    }

    /// Rows of a page.
    private static let most = 100

    private var matching: [ParticipantView] {
        guard let find = find?.lowercased() else { return participants }
        return participants.filter { $0.name.contains(find) || $0.url?.lowercased().contains(find) == true }
    }

    package var html: HTML {
        frame.page(
            "Participants", in: .participants, live: .every(5),
            #"""
            <div class="title"><h1>Participants</h1></div>
            <p>The services that workflows call. Each engine has a breaker of its own before each of them.</p>
            \#(filter)
            <div id="participants" data-live>\#(list)</div>
            \#(if: frame.may("participants:write"), create)
            """#)
    }

    private var filter: HTML {
        let field: HTML =
            #"<div class="field"><label for="p-tenant">As a tenant sees them</label><input id="p-tenant" name="tenant" value="\#(tenant)" autocomplete="off" maxlength="255"></div>"#
        let clear: HTML = #"<a class="quiet-button" href="\#(frame.paths.participants)">Clear</a>"#
        return #"""
            <form class="filters" method="get" action="\#(frame.paths.participants)">
            <div class="field"><label for="p-find">Name or URL</label><input id="p-find" name="find" value="\#(find)" autocomplete="off" spellcheck="false" maxlength="255"></div>
            \#(if: ownTenant == nil, field)
            <div class="field buttons"><button class="button">Filter</button>\#(if: find != nil || tenant != nil, clear)</div></form>
            """#
    }

    private var list: HTML {
        let shown = matching
        guard !shown.isEmpty else {
            if participants.isEmpty {
                return Part.empty(
                    "No participant is registered.",
                    #"<p>Register the first one below, or from a shell:</p>\#(Part.copied("saga participant set payments https://payments.internal", id: "first-participant"))"#
                )
            }
            return Part.empty("No participant matches.", #"<p><a href="\#(frame.paths.participants)">See all</a></p>"#)
        }
        let rest: HTML =
            #"<p class="quiet">\#(Part.count(shown.count - Self.most, "more participant")): narrow it by name.</p>"#
        return #"""
            <div class="scroll" tabindex="0" role="group" aria-label="Participants"><table class="stacked"><thead><tr><th scope="col">Participant</th><th scope="col">State</th><th scope="col">In flight</th><th scope="col">Held back</th><th scope="col">A second</th><th scope="col">Half within</th><th scope="col">99 % within</th><th scope="col">What it says</th></tr></thead>
            <tbody>\#(shown.prefix(Self.most).map(row))</tbody></table></div>\#(if: shown.count > Self.most, rest)
            """#
    }

    private func row(_ each: ParticipantView) -> HTML {
        let owner: HTML =
            each.isShared
            ? #"<span class="quiet">shared</span>"# : #"<span class="mark-text">of \#(each.tenant)</span>"#
        let says = each.lacks ?? each.lastError
        let pause: HTML? = each.pause.map { #"<q dir="auto">\#($0.reason)</q>"# }
        return #"""
            <tr data-key="\#(each.tenant)/\#(each.name)"><th scope="row"><a class="row-link" href="\#(frame.paths.participant(each.name, tenant: each.tenant))">\#(each.name)</a> \#(owner)<span class="under url" dir="ltr">\#(each.url)</span></th>
            <td data-name="State">\#(each.state)</td><td data-name="In flight">\#(Part.number(each.inFlight))</td><td data-name="Held back">\#(Part.number(each.waiting))</td>
            <td data-name="A second">\#(each.perSecond ?? "–")</td><td data-name="Half within">\#(Self.milliseconds(each.slowest?.p50))</td><td data-name="99 % within">\#(Self.milliseconds(each.slowest?.p99))</td>
            <td class="says">\#(pause)<span class="error" dir="auto">\#(says)</span></td></tr>
            """#
    }

    static func milliseconds(_ text: String?) -> HTML {
        guard let text else { return #"<span class="none">–</span>"# }
        return #"<span class="number nowrap">\#(text) ms</span>"#
    }

    private var create: HTML {
        let form = form ?? .empty(ownTenant: ownTenant, tenant: tenant)
        return #"""
            <section aria-labelledby="new"><h2 id="new">Another one</h2>
            <details class="panel" id="new-participant"\#("open", if: form.faults != nil)><summary class="button">Register a participant</summary>\#(form.html(frame))</details></section>
            """#
    }
}
