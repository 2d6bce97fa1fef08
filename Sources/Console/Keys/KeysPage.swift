/// The API keys that whoever reads may manage. What a key is nobody sees here: it is shown once, when it is made.
package struct KeysPage: Sendable {
    let keys: [KeyView]
    let isFirst: Bool
    let nextCursor: String?
    let form: KeyForm
    let frame: Frame

    package init(_ keys: [KeyView], isFirst: Bool, nextCursor: String?, form: KeyForm, _ frame: Frame) {
        self.keys = keys
        self.isFirst = isFirst
        self.nextCursor = nextCursor
        self.form = form
        self.frame = frame
    }

    package var html: HTML {
        frame.page(
            "API keys", in: .keys,
            #"""
            <div class="title"><h1>API keys</h1></div>
            <p>Who calls, and what they may do. The newest first; those that were revoked or have expired stay, so that histories can be understood.</p>
            \#(list)\#(pages)
            <section aria-labelledby="new"><h2 id="new">Another one</h2><details class="panel" id="new-key"\#("open", if: form.faults != nil)><summary class="button">Make a key</summary>\#(form.html(frame))</details></section>
            """#)
    }

    private var list: HTML {
        guard !keys.isEmpty else {
            return isFirst
                ? Part.empty(
                    "There is no key yet.", "<p>Make one for each program that calls, with no more than it needs.</p>")
                : Part.empty("No more keys.")
        }
        return #"""
            <div class="scroll" tabindex="0" role="group" aria-label="API keys"><table class="stacked"><thead><tr><th scope="col">Key</th><th scope="col">State</th><th scope="col">May</th><th scope="col">For</th><th scope="col">Last used</th><th scope="col">Expires</th><th scope="col">Made</th><th scope="col"><span class="hidden">What can be done</span></th></tr></thead><tbody>\#(keys.map(row))</tbody></table></div>
            """#
    }

    private func row(_ key: KeyView) -> HTML {
        let revoked: HTML? = key.revokedAt.map {
            #"<span class="under">by \#(key.revokedBy), \#(Part.time($0))</span>"#
        }
        let revoke: HTML = #"""
            <form method="post" action="\#(frame.paths.revokeKey)">\#(frame.token)<input type="hidden" name="keyId" value="\#(key.id)"><input type="hidden" name="name" value="\#(key.name)"><button class="button small" aria-label="Revoke \#(key.name)">Revoke …</button></form>
            """#
        let used: HTML = key.lastUsedAt == nil ? #"<span class="quiet">never</span>"# : Part.time(key.lastUsedAt)
        let expires: HTML = key.expiresAt == nil ? #"<span class="quiet">never</span>"# : Part.time(key.expiresAt)
        return #"""
            <tr data-key="\#(key.id)"><th scope="row">\#(key.name)<span class="under"><code class="id">\#(key.id)</code></span></th><td data-name="State">\#(key.state)\#(revoked)</td><td class="says">\#(key.roles.joined(separator: ", "))</td><td data-name="For">\#(key.scope)</td>
            <td data-name="Last used">\#(used)</td><td data-name="Expires">\#(expires)</td><td data-name="Made">\#(Part.time(key.createdAt))<span class="under">by \#(key.createdBy)</span></td><td>\#(if: key.isValid, revoke)</td></tr>
            """#
    }

    private var pages: HTML {
        var links = HTML.empty
        if !isFirst { links += #"<a href="\#(frame.paths.keys)">Newest</a>"# }
        if let nextCursor {
            links += #"<a rel="next" href="\#(Paths.query(frame.paths.keys, [("cursor", nextCursor)]))">Older keys</a>"#
        }
        return links.isEmpty ? .empty : #"<nav class="pages" aria-label="Pages">\#(links)</nav>"#
    }
}

/// The key that was just made, this once.
package struct NewKeyPage: Sendable {
    let key: KeyView
    let secret: String
    let frame: Frame

    package init(_ key: KeyView, secret: String, _ frame: Frame) {
        self.key = key
        self.secret = secret
        self.frame = frame
    }

    package var html: HTML {
        frame.page(
            "A new key", in: .keys,
            #"""
            <nav class="crumbs" aria-label="Where you are"><a href="\#(frame.paths.keys)">API keys</a></nav>
            <div class="title"><h1>The key \#(key.name)</h1>\#(key.state)</div>
            <p class="sentence needs"><b>This is the only time that it is shown.</b> Nobody can read it later, here or in the database. Copy it to where it is used.</p>
            \#(Part.copied(secret, id: "new-key-text"))
            <dl class="facts">\#(Part.fact("May", HTML(text: key.roles.joined(separator: ", "))))\#(Part.fact("For", key.scope))\#(Part.fact("Expires", key.expiresAt.map { Part.time($0) } ?? "never"))\#(Part.fact("Id", #"<code class="id">\#(key.id)</code>"#))</dl>
            <h2>To use it</h2>\#(Part.copied("curl -H \"X-Api-Key: $SAGAFLOW_KEY\" \(frame.origin)/v1/runs", id: "use-key"))
            <p><a class="button" href="\#(frame.paths.keys)">I have it</a></p>
            """#)
    }
}
