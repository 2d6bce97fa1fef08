/// All tenants that somebody has made.
package struct TenantsPage: Sendable {
    let tenants: [TenantView]
    let isFirst: Bool
    let nextCursor: String?
    /// For one more.
    let form: TenantForm
    let frame: Frame

    package init(_ tenants: [TenantView], isFirst: Bool, nextCursor: String?, form: TenantForm, _ frame: Frame) {
        self.tenants = tenants
        self.isFirst = isFirst
        self.nextCursor = nextCursor
        self.form = form
        self.frame = frame
    }

    package var html: HTML {
        frame.page(
            "Tenants", in: .tenants,
            #"""
            <div class="title"><h1>Tenants</h1></div>
            <p>A tenant needs no row here: it is whoever runs name. One that is made has a state, a weight and limits.</p>
            \#(list)\#(pages)\#(if: frame.may("tenants:manage"), create)
            """#)
    }

    private var list: HTML {
        guard !tenants.isEmpty else {
            return isFirst
                ? Part.empty(
                    "No tenant has been made.",
                    "<p>All that runs shares what there is alike. Make one to give it limits, or a larger share.</p>")
                : Part.empty("No more tenants.")
        }
        let rows = tenants.map { tenant -> HTML in
            let limits = form.limits.compactMap { limit in
                tenant.limits[limit.name].map { value -> HTML in
                    #"<span class="nowrap">\#(limit.title) \#(TenantLimit.shown(limit.name, value))</span>"#
                }
            }
            return #"""
                <tr data-key="\#(tenant.id)"><th scope="row"><a class="row-link" href="\#(frame.paths.tenant(tenant.id))">\#(tenant.id)</a></th><td data-name="State">\#(tenant.stateMark)</td><td data-name="Weight">\#(Part.number(tenant.weight))</td><td class="says">\#(limits.isEmpty ? #"<span class="quiet">no limits</span>"# : limits.joined(by: ", "))</td><td data-name="Changed">\#(Part.time(tenant.updatedAt))</td></tr>
                """#
        }
        return #"""
            <div class="scroll" tabindex="0" role="group" aria-label="Tenants"><table class="stacked"><thead><tr><th scope="col">Tenant</th><th scope="col">State</th><th scope="col">Weight</th><th scope="col">Limits</th><th scope="col">Changed</th></tr></thead><tbody>\#(rows)</tbody></table></div>
            """#
    }

    private var pages: HTML {
        var links = HTML.empty
        if !isFirst { links += #"<a href="\#(frame.paths.tenants)">First</a>"# }
        if let nextCursor {
            links +=
                #"<a rel="next" href="\#(Paths.query(frame.paths.tenants, [("cursor", nextCursor)]))">More tenants</a>"#
        }
        return links.isEmpty ? .empty : #"<nav class="pages" aria-label="Pages">\#(links)</nav>"#
    }

    private var create: HTML {
        #"""
        <section aria-labelledby="new"><h2 id="new">Another one</h2><details class="panel" id="new-tenant"\#("open", if: form.faults != nil)><summary class="button">Make a tenant</summary>\#(form.html(frame))</details></section>
        """#
    }
}

/// One tenant: what it has of what it may have.
package struct TenantPage: Sendable {
    let tenant: TenantView
    let form: TenantForm
    let frame: Frame

    package init(_ tenant: TenantView, form: TenantForm, _ frame: Frame) {
        self.tenant = tenant
        self.form = form
        self.frame = frame
    }

    package var html: HTML {
        frame.page(
            tenant.id, in: .tenants, live: .every(10),
            #"""
            <nav class="crumbs" aria-label="Where you are"><a href="\#(frame.paths.tenants)">Tenants</a></nav>
            <div id="tenant" data-live><div class="title"><h1>\#(tenant.id)</h1>\#(tenant.stateMark)</div>
            <p class="sentence">\#(sentence)</p>\#(usage)\#(facts)</div>
            <p><a href="\#(Paths.query(frame.paths.runs, [("tenantId", tenant.id)]))">Its runs</a>\#(if: frame.may("participants:read"), participants)</p>
            \#(if: frame.may("tenants:manage"), edit)
            """#)
    }

    private var participants: HTML {
        #" · <a href="\#(Paths.query(frame.paths.participants, [("tenant", tenant.id)]))">participants as it sees them</a>"#
    }

    private var sentence: HTML {
        switch tenant.state {
        case "active": "It may start runs, within its limits."
        case "suspended": "Nothing new begins: starts are refused. What runs goes on, and can be seen and settled."
        case "closed": "Nothing new begins, and its keys are refused. What runs goes on to its end."
        default: "Its state is of a later version."
        }
    }

    private var usage: HTML {
        guard let usage = tenant.usage else { return .empty }
        func card(_ title: String, _ name: String, _ value: Int?, _ note: HTML? = nil) -> HTML {
            let shown: HTML = value.map { TenantLimit.shown(name, $0) } ?? "–"
            let limit: HTML =
                tenant.limits[name].map { most in
                    #"\#(value.map { Part.meter($0, of: most) })<span class="under">of \#(TenantLimit.shown(name, most))</span>"#
                } ?? #"<span class="under">no limit</span>"#
            return #"<div class="card"><dt>\#(title)</dt><dd>\#(shown)\#(limit)\#(note)</dd></div>"#
        }
        let more: HTML = #"<span class="under">there are more than were counted</span>"#
        let at: HTML? = usage.storedAt.map { #"<span class="under">an estimate of \#(Part.time($0))</span>"# }
        return #"""
            <dl class="cards">\#(card("Live runs", "liveRuns", usage.liveRuns, usage.isMore ? more : nil))\#(card("Of these wait", "sleepingRuns", usage.sleepingRuns))\#(card("Kept", "storedBytes", usage.storedBytes, at))</dl>
            """#
    }

    private var facts: HTML {
        let limits = form.limits.filter { !["liveRuns", "sleepingRuns", "storedBytes"].contains($0.name) }.map {
            limit in
            Part.fact(limit.title, tenant.limits[limit.name].map { TenantLimit.shown(limit.name, $0) } ?? "no limit")
        }
        return #"""
            <dl class="facts">\#(Part.fact("Weight", Part.number(tenant.weight)))\#(limits)\#(Part.fact("Made", Part.time(tenant.createdAt)))\#(Part.fact("Changed", "\(Part.time(tenant.updatedAt)) by \(tenant.updatedBy)"))</dl>
            """#
    }

    private var edit: HTML {
        #"""
        <section aria-labelledby="may"><h2 id="may">What it may have</h2><details class="panel" id="edit"\#("open", if: form.faults != nil)><summary class="button">Edit</summary><p class="hint">It holds everywhere within a second. What was accepted before is never lost for a limit.</p>\#(form.html(frame))</details></section>
        """#
    }
}
