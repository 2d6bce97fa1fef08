/// Who is asked for a key.
package struct LoginPage: Sendable {
    let frame: Frame
    /// Where the reader wanted to go.
    let target: String?
    /// Why this browser could not keep what says who reads.
    let isInsecure: Bool

    /// Where somebody can log in instead of pasting something.
    let providers: [Provider]

    /// An identity provider.
    package struct Provider: Sendable {
        let title: String
        /// Where its login begins; nil where nobody has said to where it would come back.
        let path: String?

        package init(title: String, path: String?) {
            self.title = title
            self.path = path
        }
    }

    package init(_ frame: Frame, target: String?, isInsecure: Bool, providers: [Provider] = []) {
        self.frame = frame
        self.target = target
        self.isInsecure = isInsecure
        self.providers = providers
    }

    private var elsewhere: HTML {
        if providers.isEmpty { return .empty }
        let links = providers.map { provider -> HTML in
            guard let path = provider.path else {
                return
                    #"<p class="quiet">For the login with \#(provider.title) an operator has to say where this console is: <code>CONSOLE_URL</code>.</p>"#
            }
            return #"<p><a class="button primary" href="\#(path)">Log in with \#(provider.title)</a></p>"#
        }
        return #"<div class="providers">\#(links)</div><p class="or"><span>or</span></p>"#
    }

    package var html: HTML {
        let warning: HTML = Part.notice(
            Notice(
                "Open the console over HTTPS: over plain HTTP browsers keep a login on this machine alone.",
                isProblem: true))
        let to: HTML? = target.map { #"<input type="hidden" name="to" value="\#($0)">"# }
        return frame.bare(
            "Log in",
            #"""
            <div class="login"><h1>Log in</h1>
            \#(if: isInsecure, warning)\#(elsewhere)
            <form method="post" action="\#(frame.paths.login)">\#(frame.token)\#(to)
            <label for="credential">API key, token (JWT) or admin token</label>
            <input id="credential" name="credential" type="password" autocomplete="current-password" required maxlength="8000"\#("autofocus", if: providers.isEmpty) spellcheck="false">
            <button class="button\#(if: providers.isEmpty, " primary")">Log in</button></form>
            <p class="quiet">It is kept encrypted, readable by this browser's cookie alone, and forgotten after 8 hours without use. What you see and may do is what the key may.</p>
            <details id="no-key"><summary>I have none</summary><p>Somebody with an admin token makes one:</p>
            \#(Part.copied("saga key create --name me --role operator", id: "make-key"))</details></div>
            """#)
    }
}

/// A page that says one thing: that there is no such run, that something may not be done, or did not work.
package struct MessagePage: Sendable {
    let title: String
    let text: String
    let back: (path: String, title: String)?
    let frame: Frame

    package init(_ title: String, _ text: String, back: (path: String, title: String)? = nil, _ frame: Frame) {
        self.title = title
        self.text = text
        self.back = back
        self.frame = frame
    }

    package var html: HTML {
        let link: HTML? = back.map { #"<p><a class="button" href="\#($0.path)">\#($0.title)</a></p>"# }
        return frame.page(
            title, in: nil, #"<div class="title"><h1>\#(title)</h1></div><p class="sentence">\#(text)</p>\#(link)"#)
    }
}

extension Frame {
    /// A page for whoever is not known yet.
    ///
    /// - Parameter path: where it leads by itself, at once.
    func bare(_ title: String, _ content: HTML, leadsTo path: String? = nil) -> HTML {
        let lead: HTML? = path.map { #"<meta http-equiv="refresh" content="0;url=\#($0)">"# }
        return #"""
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">\#(lead)<title>\#(title) · sagaflow</title>
            <link rel="icon" href="\#(paths.asset(.icon))" type="image/svg+xml"><link rel="stylesheet" href="\#(paths.asset(.style))">
            <script type="module" src="\#(paths.asset(.script))"></script></head>
            <body class="bare"><main id="content" tabindex="-1"><p class="brand big"><svg class="mark" viewBox="0 0 24 24" width="28" height="28" aria-hidden="true" focusable="false"><path class="mark-forward" d="M4 8h11"/><path class="mark-back" d="M20 16H9"/><circle class="mark-forward-dot" cx="18" cy="8" r="2.4"/><circle class="mark-back-dot" cx="6" cy="16" r="2.4"/></svg>sagaflow</p>
            <div id="notice" aria-live="polite">\#(notice.map(Part.notice))</div>\#(content)</main></body></html>
            """#
    }
}
