/// What all pages of one reader have in common: where they are, who reads, what may be done.
package struct Frame: Sendable {
    package let paths: Paths
    /// What histories call whoever reads; nil for nobody in particular.
    package let reader: String?
    /// Names of the permissions that whoever reads has, as in `runs:read`.
    package let permissions: Set<String>
    /// Goes with every form.
    package let formToken: String
    /// Where API calls go, for commands to copy: `https://host`.
    package let origin: String
    package var notice: Notice?

    package init(
        paths: Paths, reader: String?, permissions: Set<String>, formToken: String, origin: String,
        notice: Notice? = nil
    ) {
        self.paths = paths
        self.reader = reader
        self.permissions = permissions
        self.formToken = formToken
        self.origin = origin
        self.notice = notice
    }

    /// A part of the console. Later ones find their place here.
    package enum Section: CaseIterable, Sendable {
        case now, runs, failed
        case workflows, participants, engines, tenants, keys, audit, reference

        var title: String {
            switch self {
            case .now: "Now"
            case .runs: "Runs"
            case .failed: "Failed"
            case .workflows: "Workflows"
            case .reference: "API"
            case .participants: "Participants"
            case .engines: "Engines"
            case .tenants: "Tenants"
            case .keys: "API keys"
            case .audit: "Audit"
            }
        }

        var icon: Icon {
            switch self {
            case .now: .now
            case .runs: .runs
            case .failed: .failed
            case .workflows: .workflow
            case .reference: .reference
            case .participants: .external
            case .engines: .engine
            case .tenants: .tenants
            case .keys: .key
            case .audit: .audit
            }
        }

        func path(_ paths: Paths) -> String {
            switch self {
            case .now: paths.now
            case .runs: paths.runs
            case .failed: paths.failed
            case .workflows: paths.workflows
            case .reference: paths.reference
            case .participants: paths.participants
            case .engines: paths.engines
            case .tenants: paths.tenants
            case .keys: paths.keys
            case .audit: paths.audit
            }
        }

        /// It is there for those alone who have this permission; nil for everybody.
        var permission: String? {
            switch self {
            case .participants: "participants:read"
            case .engines: "cluster:read"
            case .tenants: "tenants:read"
            case .keys: "keys:manage"
            case .audit: "audit:read"
            default: nil
            }
        }

        /// It is about the system rather than about what runs: where there is little room it is in a menu.
        var isOfSystem: Bool { permission != nil }
    }

    /// The same for another reader.
    package func of(_ reader: String?, formToken: String) -> Frame {
        Frame(
            paths: paths, reader: reader, permissions: permissions, formToken: formToken, origin: origin,
            notice: notice)
    }

    /// Whoever may not is not offered it, and no page asks for it: a refusal would be one in the audit.
    package func may(_ permission: String) -> Bool { permissions.contains(permission) }

    /// A hidden field that says that a form is of this reader's pages.
    var token: HTML { #"<input type="hidden" name="token" value="\#(formToken)">"# }

    /// How a page keeps up with what happens.
    package enum Live: Sendable {
        /// As the events of a run come in.
        case stream(String)
        /// Looked at again so many seconds after.
        case every(Int)
    }

    /// A whole page.
    package func page(_ title: String, in section: Section?, live: Live? = nil, _ content: HTML) -> HTML {
        #"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>\#(title) · sagaflow</title>
        <link rel="icon" href="\#(paths.asset(.icon))" type="image/svg+xml">
        <link rel="stylesheet" href="\#(paths.asset(.style))">
        <script type="module" src="\#(paths.asset(.script))"></script>
        </head>
        <body\#(liveAttributes(live))>
        <a class="skip" href="#content">Skip to content</a>
        \#(header(section, live))
        <main id="content" tabindex="-1">
        <div id="notice" aria-live="polite">\#(notice.map(Part.notice))</div>
        <div id="said" class="hidden" aria-live="polite"></div>
        \#(content)
        </main>
        <footer class="foot" hidden><button type="button" class="quiet-button" id="keys-open">Keyboard</button></footer>
        \#(Self.keys)
        </body>
        </html>
        """#
    }

    private func liveAttributes(_ live: Live?) -> HTML {
        switch live {
        case nil: .empty
        case .stream(let path): #" data-stream="\#(path)""#
        case .every(let seconds): #" data-every="\#(seconds)""#
        }
    }

    private func header(_ section: Section?, _ live: Live?) -> HTML {
        let all = Section.allCases.filter { $0.permission.map(may) ?? true }
        func link(_ each: Section, _ kind: HTML = .empty) -> HTML {
            #"<li\#(kind)><a href="\#(each.path(paths))"\#("aria-current", attribute: each == section ? "page" : nil)>\#(each.icon.svg)<span>\#(each.title)</span></a></li>"#
        }
        let links = all.filter { !$0.isOfSystem }.map { link($0) }
        let system = all.filter(\.isOfSystem)
        // Twice, and one of them is shown: in the row where there is room for all of it, and else in a menu.
        let menu: HTML = #"""
            <li class="narrow"><details class="menu sections" id="system"><summary\#("data-here", if: section?.isOfSystem == true)>System</summary><ul class="menu-body">\#(system.map { link($0) })</ul></details></li>
            """#
        let rest: HTML = "\(system.map { link($0, #" class="wide""#) })\(if: !system.isEmpty, menu)"
        let toggle: HTML =
            #"<button type="button" id="live" class="quiet-button live" aria-pressed="true" hidden>\#(Icon.live.svg)<span>Live</span></button>"#
        return #"""
            <header class="top">
            <a class="brand" href="\#(paths.now)"><svg class="mark" viewBox="0 0 24 24" width="22" height="22" aria-hidden="true" focusable="false"><path class="mark-forward" d="M4 8h11"/><path class="mark-back" d="M20 16H9"/><circle class="mark-forward-dot" cx="18" cy="8" r="2.4"/><circle class="mark-back-dot" cx="6" cy="16" r="2.4"/></svg>sagaflow</a>
            <nav aria-label="Console"><ul>\#(links)\#(rest)</ul></nav>
            <form class="find" action="\#(paths.runs)" method="get" role="search">
            <label class="hidden" for="find">Find a run by its id or correlation id</label>
            \#(Icon.search.svg)<input id="find" name="find" type="search" placeholder="Run or correlation id" autocomplete="off" spellcheck="false" maxlength="255">
            </form>
            \#(if: live != nil, toggle)
            \#(who)
            </header>
            """#
    }

    private var who: HTML {
        guard let reader else {
            return #"""
                <a class="who" href="\#(paths.login)" title="Nobody has to log in here, but for what is an administrator's">Log in</a>
                """#
        }
        return #"""
            <details class="menu" id="who"><summary>\#(reader)</summary><div class="menu-body">
            <form method="post" action="\#(paths.logout)">\#(token)
            <button class="quiet-button" name="where" value="here">Log out</button>
            <button class="quiet-button" name="where" value="everywhere">Log out everywhere</button>
            </form></div></details>
            """#
    }

    private static let keys: HTML = #"""
        <dialog id="keys" aria-labelledby="keys-title"><h2 id="keys-title">Keyboard</h2>
        <dl class="keys"><dt><kbd>/</kbd></dt><dd>Search</dd><dt><kbd>j</kbd> <kbd>k</kbd></dt><dd>Next and previous row</dd>
        <dt><kbd>Enter</kbd></dt><dd>Open the row</dd><dt><kbd>r</kbd></dt><dd>Look again</dd><dt><kbd>?</kbd></dt><dd>This list</dd></dl>
        <label class="check"><input type="checkbox" id="keys-on">Single keys work like this</label>
        <form method="dialog"><button class="button">Close</button></form></dialog>
        """#
}
