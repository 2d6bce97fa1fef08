import Core

/// A definition is written here: its text, and beside it what it would be.
package struct EditorPage: Sendable {
    /// What is written, and where it came from.
    package struct Draft: Sendable {
        package var text: String
        /// The version it is made from; nil for a first one.
        package var from: (name: String, version: String)?
        /// The tenant whose own it is to be; nil for what all share, or for the one of the reader's key.
        package var tenant: String?
        /// It is drawn as what changes against the version it came from.
        package var isCompared = false
        /// It was sent, and is not registered.
        package var isUnsaved = false

        package init(text: String, from: (name: String, version: String)? = nil, tenant: String? = nil) {
            (self.text, self.from, self.tenant) = (text, from, tenant)
        }
    }

    let draft: Draft
    let check: DefinitionCheck
    /// Whoever reads may register.
    let mayRegister: Bool
    /// They may register for all tenants, and for one.
    let choosesTenant: Bool
    let frame: Frame

    package init(
        _ draft: Draft, _ check: DefinitionCheck, mayRegister: Bool, choosesTenant: Bool, _ frame: Frame
    ) {
        (self.draft, self.check, self.frame) = (draft, check, frame)
        (self.mayRegister, self.choosesTenant) = (mayRegister, choosesTenant)
    }

    private var paths: Paths { frame.paths }
    private var view: CheckView {
        CheckView(check: check, frame: frame, mayRegister: mayRegister, tenant: draft.tenant)
    }

    /// Where the form is sent: the page itself.
    private var path: String {
        let page = draft.from.map { paths.edit($0.name, $0.version) } ?? paths.newDefinition
        return Paths.query(page, [("tenant", draft.from == nil ? nil : draft.tenant)])
    }

    private var title: String { draft.from.map { "A version after \($0.name) \($0.version)" } ?? "A new workflow" }

    /// What is exchanged while somebody writes: a document for scripts alone.
    package var fragment: HTML {
        #"""
        <!DOCTYPE html>
        <html lang="en"><head><title>\#(title)</title></head><body><main>\#(view.says)\#(view.findings)\#(view.graph)\#(view.will)</main></body></html>
        """#
    }

    package var html: HTML {
        let unsaved: HTML = #" data-unsaved="yes""#
        return frame.page(
            title, in: .workflows,
            #"""
            \#(crumbs)
            <div class="title"><h1>\#(title)</h1></div>
            <form class="editor" id="editor" method="post" action="\#(path)" data-check="\#(paths.definitionCheck)">\#(frame.token)\#(hidden)
            <div class="editor-text">
            <div class="editor-head"><label for="definition">Definition, in JSON or YAML</label><span class="quiet" id="definition-keys" hidden>Tab indents; Escape, then Tab leaves the field</span></div>
            <div class="code"><div class="gutter" id="gutter" aria-hidden="true" hidden></div><textarea id="definition" name="text" rows="30" wrap="off" spellcheck="false" autocomplete="off" autocapitalize="off" aria-describedby="definition-keys"\#(if: draft.isUnsaved, unsaved)>
            \#(draft.text)</textarea></div>
            \#(tenant)
            \#(view.will)
            \#(help)
            </div>
            <div class="editor-check" id="check">
            <div aria-live="polite">\#(view.says)</div>
            \#(view.findings)\#(compare)
            <p class="quiet" id="check-old" hidden>The graph is that of the last text whose rules held.</p>
            \#(view.graph)
            </div></form>
            """#)
    }

    private var crumbs: HTML {
        let version: HTML? = draft.from.map {
            #" <span aria-hidden="true">/</span> <a href="\#(Paths.query(paths.registered($0.name, $0.version), [("tenant", draft.tenant)]))">\#($0.name) \#($0.version)</a>"#
        }
        return #"""
            <nav class="crumbs" aria-label="Where you are"><a href="\#(paths.base)/workflows">Workflows</a>\#(version)</nav>
            """#
    }

    private var hidden: HTML {
        guard let from = draft.from else { return .empty }
        return #"""
            <input type="hidden" name="fromName" value="\#(from.name)"><input type="hidden" name="fromVersion" value="\#(from.version)">
            """#
    }

    private var tenant: HTML {
        guard choosesTenant, mayRegister else {
            return draft.tenant.map { #"<input type="hidden" name="tenant" value="\#($0)">"# } ?? .empty
        }
        return #"""
            <p class="editor-tenant"><label for="tenant">Tenant whose own it is</label> <input id="tenant" name="tenant" value="\#(draft.tenant)" maxlength="255" autocomplete="off" spellcheck="false" placeholder="shared by all"></p>
            """#
    }

    private var compare: HTML {
        guard let from = draft.from else { return .empty }
        return #"""
            <label class="check editor-compare"><input type="checkbox" name="compare" value="yes"\#("checked", if: draft.isCompared)> Show in the graph what changes against \#(from.version)</label>
            """#
    }

    private var help: HTML {
        #"""
        <details class="payload" id="editor-help"><summary>What a definition may have</summary>
        <p>All members with what they mean: <a href="\#(paths.definitionReference)">the reference of definitions</a>. How they play together is in docs/definitions.md.</p>
        <p>Your own editor completes and explains by the <a href="/schemas/workflow.json">JSON Schema</a>. A first line in a YAML file tells it where that is; in JSON it is the member <code>$schema</code>, which is not kept.</p>
        \#(Part.copied("# yaml-language-server: $schema=\(frame.origin)/schemas/workflow.json", id: "editor-schema"))</details>
        """#
    }
}
