import Core

/// What is registered of a participant, to be written or changed. Secrets are written and never shown: of what is registered it is said that
/// it is kept, and a field that is left empty leaves it as it is.
package struct ParticipantForm: Sendable {
    /// Nil for a new one.
    let participant: ParticipantView?
    /// Of this tenant alone is whoever writes.
    let ownTenant: String?
    let text: FormText
    package let faults: FormFaults?

    package init(_ participant: ParticipantView?, ownTenant: String?, _ text: FormText, _ faults: FormFaults?) {
        self.participant = participant
        self.ownTenant = ownTenant
        self.text = text
        self.faults = faults
    }

    /// The fields of a form, all of them once.
    package static let names = [
        "name", "tenant", "url", "maxConcurrent", "perSecond", "burst", "breaker", "failureThreshold",
        "successThreshold", "openFor", "newHeaders", "dropHeader", "signWith", "certificate", "key", "ca", "tokenUrl",
        "clientId", "scope", "audience", "updatedAt",
    ]

    static func empty(ownTenant: String?, tenant: String?) -> ParticipantForm {
        ParticipantForm(
            nil, ownTenant: ownTenant, FormText(["breaker": ["on"], "tenant": [tenant ?? ""]]), nil)
    }

    /// As it is registered.
    package static func of(_ participant: ParticipantView, ownTenant: String?) -> ParticipantForm {
        var values: [String: [String]] = [:]
        func put(_ name: String, _ value: String?) { values[name] = value.map { [$0] } }
        put("url", participant.url)
        put("maxConcurrent", participant.maxConcurrent.map(String.init))
        put("perSecond", participant.rate?.perSecond)
        put("burst", participant.rate.map { String($0.burst) })
        put("breaker", participant.breaker == nil ? nil : "on")
        put("failureThreshold", participant.breaker.map { String($0.failures) })
        put("successThreshold", participant.breaker.map { String($0.successes) })
        put("openFor", participant.breaker?.openFor)
        put("signWith", participant.signWith.joined(separator: " "))
        put("certificate", participant.tls.certificate)
        put("key", participant.tls.key)
        put("ca", participant.tls.ca)
        put("tokenUrl", participant.client?.tokenURL)
        put("clientId", participant.client?.clientID)
        put("scope", participant.client?.scope)
        put("audience", participant.client?.audience)
        return ParticipantForm(participant, ownTenant: ownTenant, FormText(values), nil)
    }

    func html(_ frame: Frame) -> HTML {
        let fields = FormFields(id: "participant", text: text, faults: faults)
        let path = participant.map { frame.paths.participant($0.name, tenant: $0.tenant) } ?? frame.paths.participants
        return #"""
            <form class="form" method="post" action="\#(path)">\#(frame.token)\#(fields.refusal(elsewhereThan: Self.pointers))
            \#(participant == nil ? who(fields) : since)
            \#(fields.input("url", "URL", at: "/url", hint: "What paths of calls are put behind.", isRequired: true, placeholder: "https://payments.internal"))
            <fieldset><legend>Limits, over all engines</legend><div class="form-row">
            \#(fields.input("maxConcurrent", "Calls at once", at: "/maxConcurrent", hint: "Empty: as many as come.", most: 9))
            \#(fields.input("perSecond", "Calls a second", at: "/rate/perSecond", hint: "Empty: no limit.", most: 12))
            \#(fields.input("burst", "at once after a pause", at: "/rate/burst", most: 9))</div></fieldset>
            <fieldset><legend>Breaker</legend>\#(fields.check("breaker", value: "on", "Stop calling it while it keeps failing"))<div class="form-row">
            \#(fields.input("failureThreshold", "Opens after failures in a row", at: "/breaker/failureThreshold", placeholder: "5", most: 9))
            \#(fields.input("openFor", "Stays open for", at: "/breaker/openFor", placeholder: "30s", most: 16))
            \#(fields.input("successThreshold", "Closes after successes", at: "/breaker/successThreshold", placeholder: "2", most: 9))</div></fieldset>
            \#(headers(fields))
            \#(trust(fields))
            <div class="actions"><button class="button primary">\#(participant == nil ? "Register" : "Save")</button></div></form>
            """#
    }

    private static let pointers = [
        "/url", "/maxConcurrent", "/rate", "/breaker", "/headers", "/signWith", "/tls", "/auth", "/name", "/tenant",
    ]

    private var since: HTML {
        #"<input type="hidden" name="updatedAt" value="\#(text["updatedAt"] ?? participant?.updatedAt?.description)">"#
    }

    private func who(_ fields: FormFields) -> HTML {
        let owner: HTML =
            if let ownTenant {
                #"<p class="hint">It will be \#(ownTenant)'s own.</p>"#
            } else {
                fields.input(
                    "tenant", "Whose", at: "/tenant", hint: "A tenant's id, or empty for one that all tenants share.",
                    most: 255)
            }
        return
            #"<div class="form-row">\#(fields.input("name", "Name", at: "/name", hint: "As definitions name it.", isRequired: true, most: 63))\#(owner)</div>"#
    }

    // MARK: Secrets

    private func headers(_ fields: FormFields) -> HTML {
        let names = participant?.headerNames ?? []
        let rows = names.enumerated().map { place, name -> HTML in
            #"""
            <div class="kept">\#(fields.input("header-\(place)", name, at: "/headers/\(name)", hint: "Kept. Write a value to replace it.", isSecret: true, most: 4096))<input type="hidden" name="headerName-\#(place)" value="\#(name)">
            \#(fields.check("dropHeader", value: name, "remove \(name)"))</div>
            """#
        }
        let written = text["newHeaders"]?.split(whereSeparator: \.isNewline).compactMap { line in
            line.split(separator: ":", maxSplits: 1).first.map { "/headers/\(Self.trimmed($0))" }
        }
        let others = FormFields(
            id: fields.id, text: fields.text,
            faults: faults.map { faults in
                FormFaults(
                    "",
                    faults.places.filter { place in
                        place.pointer == "/headers"
                            || written?.contains(place.pointer) == true
                                && !names.contains { "/headers/\($0)" == place.pointer }
                    }.map {
                        (
                            "/headers",
                            $0.pointer == "/headers"
                                ? $0.detail : "\($0.pointer.dropFirst("/headers/".count)): \($0.detail)"
                        )
                    })
            })
        return #"""
            <fieldset><legend>Headers of every call</legend>\#(rows)
            \#(others.area("newHeaders", names.isEmpty ? "Name: value, one on each line" : "More of them, Name: value, one on each line", at: "/headers", hint: "Name credentials, as in Authorization: Bearer ${secret:payments-token}. What is written here is not shown again.", placeholder: "X-Client: sagaflow"))</fieldset>
            """#
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var rest = text.drop { $0 == " " }
        while rest.last == " " { rest.removeLast() }
        return rest
    }

    private func trust(_ fields: FormFields) -> HTML {
        let client = participant?.client
        let secret: HTML? = client.map { client in
            client.secret.map { "Kept: \($0). Write another to replace it." } ?? "Kept. Write another to replace it."
        }
        let isOpen =
            !(participant?.signWith.isEmpty ?? true) || client != nil || participant?.tls.certificate != nil
            || participant?.tls.ca != nil || faults?.details(at: ["/signWith", "/tls", "/auth"]).isEmpty == false
        return #"""
            <details class="more-trust" id="participant-trust"\#("open", if: isOpen)><summary>Signatures, certificates, access tokens</summary>
            \#(fields.input("signWith", "Sign calls with", at: "/signWith", hint: "Names of the engines' secrets, with blanks between them; ed25519:NAME for a key.", placeholder: "orders"))
            <fieldset><legend>TLS: names of the engines' files</legend>\#(fields.fault(at: "/tls"))<div class="form-row">
            \#(fields.input("certificate", "Certificate", at: "/tls/certificate", most: 63))\#(fields.input("key", "Key", at: "/tls/key", most: 63))\#(fields.input("ca", "Authority", at: "/tls/ca", most: 63))</div></fieldset>
            <fieldset><legend>Access tokens (OAuth 2.0, client credentials)</legend>
            \#(fields.input("tokenUrl", "Token URL", at: "/auth/oauth2/tokenUrl", hint: "Empty: calls carry no token."))<div class="form-row">
            \#(fields.input("clientId", "Client id", at: "/auth/oauth2/clientId"))
            \#(fields.input("clientSecret", "Client secret", at: "/auth/oauth2/clientSecret", hint: secret ?? "A name, as in ${secret:ledger-client}.", isSecret: true))
            \#(fields.input("scope", "Scope", at: "/auth/oauth2/scope"))\#(fields.input("audience", "Audience", at: "/auth/oauth2/audience"))</div></fieldset></details>
            """#
    }
}
