/// What somebody has written into a form: shown again when it is refused, so that nobody writes it twice.
package struct FormText: Sendable {
    private let values: [String: [String]]

    package init(_ values: [String: [String]] = [:]) { self.values = values }

    package subscript(name: String) -> String? { values[name]?.first }

    /// A choice of several, or a box that is checked.
    package func has(_ name: String, _ value: String) -> Bool { values[name]?.contains(value) ?? false }
}

/// Why a form was refused: a sentence, and what is wrong where, by the places of the request that was made of it.
package struct FormFaults: Sendable {
    package let sentence: String
    let places: [(pointer: String, detail: String)]

    package init(_ sentence: String, _ places: [(pointer: String, detail: String)] = []) {
        self.sentence = sentence
        self.places = places
    }

    /// What is wrong at a place, or below it.
    func details(at pointers: [String]) -> [String] {
        places.filter { place in pointers.contains { Self.isAt(place.pointer, $0) } }.map(\.detail)
    }

    /// What is wrong at none of these places.
    func others(than pointers: [String]) -> [String] {
        places.filter { place in !pointers.contains { Self.isAt(place.pointer, $0) } }.map {
            "\($0.pointer): \($0.detail)"
        }
    }

    private static func isAt(_ pointer: String, _ place: String) -> Bool {
        pointer == place || pointer.hasPrefix(place + "/")
    }
}

/// The fields of one form: each with its label, a word about it, and beside it what is wrong with what it holds.
struct FormFields {
    /// Ids of fields begin with it.
    let id: String
    let text: FormText
    let faults: FormFaults?

    /// One line of text.
    ///
    /// - Parameters:
    ///   - pointers: places of the request that it becomes.
    ///   - isSecret: what is written is hidden, and nothing is ever shown.
    func input(
        _ name: String, _ label: String, at pointers: String..., hint: HTML? = nil, isRequired: Bool = false,
        isSecret: Bool = false, placeholder: String? = nil, most: Int = 2048
    ) -> HTML {
        let described = described(name, pointers, hint)
        let type: HTML = isSecret ? #"type="password" autocomplete="new-password""# : #"type="text" autocomplete="off""#
        return wrapped(
            name, label, pointers, hint,
            #"<input id="\#(id)-\#(name)" name="\#(name)" \#(type) value="\#(isSecret ? "" : text[name])" maxlength="\#(most)" spellcheck="false"\#("placeholder", attribute: placeholder)\#("required", if: isRequired)\#(described)>"#
        )
    }

    /// Several lines.
    func area(
        _ name: String, _ label: String, at pointers: String..., hint: HTML? = nil, rows: Int = 3,
        placeholder: String? = nil
    ) -> HTML {
        wrapped(
            name, label, pointers, hint,
            #"<textarea id="\#(id)-\#(name)" name="\#(name)" rows="\#(rows)" spellcheck="false"\#("placeholder", attribute: placeholder)\#(described(name, pointers, hint))>\#(text[name])</textarea>"#
        )
    }

    func choice(
        _ name: String, _ label: String, at pointers: String..., hint: HTML? = nil,
        options: [(value: String, title: String)]
    ) -> HTML {
        let shown = options.map { Part.option($0.value, $0.title, isChosen: text[name] == $0.value) }
        return wrapped(
            name, label, pointers, hint,
            #"<select id="\#(id)-\#(name)" name="\#(name)"\#(described(name, pointers, hint))>\#(shown)</select>"#)
    }

    func check(_ name: String, value: String, _ label: HTML) -> HTML {
        #"<label class="check"><input type="checkbox" name="\#(name)" value="\#(value)"\#("checked", if: text.has(name, value))>\#(label)</label>"#
    }

    /// What is wrong at a place that is no single field's.
    func fault(at pointers: String...) -> HTML? { fault(pointers, id: nil) }

    private func wrapped(_ name: String, _ label: String, _ pointers: [String], _ hint: HTML?, _ control: HTML) -> HTML
    {
        let hint: HTML? = hint.map { #"<p class="hint" id="\#(id)-\#(name)-hint">\#($0)</p>"# }
        return #"""
            <div class="form-field"><label for="\#(id)-\#(name)">\#(label)</label>
            \#(control)\#(hint)\#(fault(pointers, id: "\(id)-\(name)-fault"))</div>
            """#
    }

    private func fault(_ pointers: [String], id: String?) -> HTML? {
        let details = faults?.details(at: pointers) ?? []
        guard !details.isEmpty else { return nil }
        return
            #"<p class="fault"\#("id", attribute: id)>\#(Icon.warning.svg)<span>\#(details.joined(separator: " "))</span></p>"#
    }

    private func described(_ name: String, _ pointers: [String], _ hint: HTML?) -> HTML {
        let isWrong = faults?.details(at: pointers).isEmpty == false
        let ids = (hint == nil ? [] : ["\(id)-\(name)-hint"]) + (isWrong ? ["\(id)-\(name)-fault"] : [])
        return
            #"\#("aria-describedby", attribute: ids.isEmpty ? nil : ids.joined(separator: " "))\#("aria-invalid", attribute: isWrong ? "true" : nil)"#
    }

    /// On top of a form that was refused: why, and what stands at no field of it.
    func refusal(elsewhereThan pointers: [String]) -> HTML? {
        guard let faults else { return nil }
        let others = faults.others(than: pointers).map { "<li>\($0)</li>" as HTML }
        return #"""
            <div class="notice bad" role="alert">\#(Icon.warning.svg)<div><p>\#(faults.sentence)</p>\#(if: !others.isEmpty, "<ul>\(others)</ul>")</div></div>
            """#
    }
}

/// What is about to be done, said before it happens.
package struct ConfirmPage: Sendable {
    let title: String
    let consequence: String
    let button: String
    let path: String
    let fields: [(String, String)]
    let back: String
    let section: Frame.Section
    let frame: Frame

    package init(
        _ title: String, _ consequence: String, button: String, path: String, fields: [(String, String)], back: String,
        in section: Frame.Section, _ frame: Frame
    ) {
        (self.title, self.consequence, self.button) = (title, consequence, button)
        (self.path, self.fields, self.back) = (path, fields, back)
        (self.section, self.frame) = (section, frame)
    }

    package var html: HTML {
        let hidden = fields.map { #"<input type="hidden" name="\#($0.0)" value="\#($0.1)">"# as HTML }
        return frame.page(
            title, in: section,
            #"""
            <div class="title"><h1>\#(title)</h1></div><p class="sentence">\#(consequence)</p>
            <form method="post" action="\#(path)">\#(frame.token)\#(hidden)<input type="hidden" name="sure" value="yes">
            <div class="actions"><button class="button grave">\#(button)</button> <a class="quiet-button" href="\#(back)">No, back</a></div></form>
            """#)
    }
}
