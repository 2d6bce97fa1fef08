internal import Basics

/// What a call sends. Errors name the place in the call (`/headers/x-tenant`).
extension CallDefinition {
    /// The path and query; of a path that is a location, that.
    package func renderedPath(_ scope: some Scope) throws(TemplateError) -> String {
        var path: String
        do { path = try self.path.render(scope) } catch { throw error.below(JSONPointer(["path"])) }
        if query.isEmpty { return path }
        var bytes: [UInt8] = []
        var mark = path.utf8.contains(UInt8(ascii: "?")) ? UInt8(ascii: "&") : UInt8(ascii: "?")
        for (name, value) in query {
            let place = JSONPointer(["query", name])
            for text in try parameter(value, scope, at: place) {
                bytes.append(mark)
                mark = UInt8(ascii: "&")
                PercentEncoding.append(segment: name, to: &bytes)
                bytes.append(UInt8(ascii: "="))
                PercentEncoding.append(segment: text, to: &bytes)
            }
        }
        path += String(decoding: bytes, as: UTF8.self)
        guard path.utf8.count <= PathTemplate.maxLength else {
            throw TemplateError(.tooLong(limit: PathTemplate.maxLength), pointer: JSONPointer(["query"]))
        }
        return path
    }

    /// The texts of one parameter; none when it is left out.
    private func parameter(
        _ value: Template, _ scope: some Scope, at place: JSONPointer
    ) throws(TemplateError) -> [String] {
        if value.isLeftOut(scope) { return [] }
        let json: JSON
        do { json = try value.render(scope) } catch { throw error.below(place) }
        var texts: [String] = []
        for element in json.array ?? [json] {
            guard let text = element.scalarText else {
                guard let reference = value.uses.first?.reference else {
                    throw TemplateError(.notForm("a parameter is \(element.typeName)."), pointer: place)
                }
                throw TemplateError(
                    element.isNull ? .missing(reference) : .notText(reference, element.typeName), pointer: place)
            }
            texts.append(text)
        }
        return texts
    }

    /// Appends the definition's headers, without those that are left out.
    package func appendHeaders(
        _ scope: some Scope, to rendered: inout [(String, String)]
    ) throws(TemplateError) {
        for (name, value) in headers where !value.isLeftOut(scope) {
            do { rendered.append((name, try value.render(scope))) } catch {
                throw error.below(JSONPointer(["headers", name]))
            }
        }
    }

    /// The body, and the `Content-Type` it has; nil for none.
    package func renderedBody(
        _ scope: some Scope, of run: Run
    ) throws(TemplateError) -> (bytes: [UInt8], contentType: String)? {
        let bytes: [UInt8]
        do {
            switch (body.content, body.form) {
            case (.nothing, _): return nil
            case (.input, .json): bytes = run.input.bytes
            case (.template(let template), .json): bytes = try template.bytes(scope)
            case (.input, .form): bytes = try Self.form(run.input)
            case (.template(let template), .form): bytes = try Self.form(try template.render(scope))
            case (.input, .text): bytes = try Self.text(run.input)
            case (.template(let template), .text): bytes = try Self.text(try template.render(scope))
            }
        } catch { throw error.below(JSONPointer(["body"])) }
        return (bytes, body.contentType)
    }

    /// `application/x-www-form-urlencoded`: one field for each member, or for each element of one that is a list. Blanks are
    /// `%20`, which every reader of forms understands.
    private static func form(_ json: JSON) throws(TemplateError) -> [UInt8] {
        guard let object = json.object else {
            throw TemplateError(.notForm("a form is made of an object, not \(json.typeName)."), pointer: .root)
        }
        var bytes: [UInt8] = []
        for (name, value) in object.members {
            for element in value.array ?? [value] {
                guard let text = element.isNull ? "" : element.scalarText else {
                    throw TemplateError(
                        .notForm("a field of a form is \(element.typeName)."), pointer: JSONPointer([name]))
                }
                if !bytes.isEmpty { bytes.append(UInt8(ascii: "&")) }
                PercentEncoding.append(segment: name, to: &bytes)
                bytes.append(UInt8(ascii: "="))
                PercentEncoding.append(segment: text, to: &bytes)
            }
        }
        return bytes
    }

    private static func text(_ json: JSON) throws(TemplateError) -> [UInt8] {
        guard let text = json.scalarText else {
            throw TemplateError(.notForm("it is \(json.typeName) and no text."), pointer: .root)
        }
        return Array(text.utf8)
    }
}

extension JSON {
    /// The text of a string, number or boolean.
    var scalarText: String? {
        switch self {
        case .string(let text): text
        case .number(let number): number.text
        case .bool(let value): value ? "true" : "false"
        case .null, .array, .object: nil
        }
    }
}
