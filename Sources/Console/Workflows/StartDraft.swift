package import Core

/// A start as somebody writes it: everything as it was typed, so that nothing is lost when it is refused.
package struct StartDraft: Sendable {
    /// Empty for the latest.
    package var version = ""
    package var input = ""
    package var correlationID = ""
    package var tenantID = ""
    /// Other members of the context, as an object.
    package var context = ""
    package var delay = ""
    package var startAt = ""
    package var priority = ""
    /// The form's own idempotency key: however often it is sent, it starts one run.
    package var key: String

    package init(key: String) { self.key = key }

    /// - Parameter value: what stands in a field, by its name.
    package init(key: String, _ value: (String) -> String?) {
        self.key = key
        version = value("version") ?? ""
        // Browsers send lines as CRLF.
        input = (value("input") ?? "").replacing("\r\n", with: "\n")
        correlationID = value("correlationId") ?? ""
        tenantID = value("tenantId") ?? ""
        context = (value("context") ?? "").replacing("\r\n", with: "\n")
        delay = value("delay") ?? ""
        startAt = value("startAt") ?? ""
        priority = value("priority") ?? ""
    }

    /// A value as somebody edits it.
    package static func lines(_ json: JSON) -> String { PayloadView.lines(json) }

    /// What is wrong with it, and where: places are those of the request.
    package struct Fault: Sendable, Hashable {
        package let pointer: JSONPointer
        package let detail: String

        package init(_ pointer: JSONPointer, _ detail: String) {
            self.pointer = pointer
            self.detail = detail
        }

        /// The field of the form that it is about; nil for none.
        var field: String? {
            switch (pointer.tokens.first, pointer.tokens.dropFirst().first) {
            case ("context", "correlationId"): "correlationId"
            case ("context", "tenantId"): "tenantId"
            case (let name?, _) where ["input", "context", "version", "delay", "startAt", "priority"].contains(name):
                name
            default: nil
            }
        }
    }

    /// The body of the request.
    ///
    /// - Throws: where a text is no JSON.
    package func body() throws(StartFaults) -> JSON {
        var faults: [Fault] = []
        var body = JSONObject()
        if !version.isEmpty { body["version"] = .string(version) }
        body["input"] = Self.json(input, "input", &faults)
        var members = Self.json(context, "context", &faults) ?? .object([:])
        if members.object != nil {
            if !correlationID.isEmpty { members["correlationId"] = .string(correlationID) }
            if !tenantID.isEmpty { members["tenantId"] = .string(tenantID) }
        }
        if members != .object([:]) { body["context"] = members }
        if !delay.isEmpty { body["delay"] = .string(delay) }
        if !startAt.isEmpty { body["startAt"] = .string(startAt) }
        // What is no number is refused where all else is.
        if !priority.isEmpty { body["priority"] = Int(priority).map { JSON($0) } ?? .string(priority) }
        if !faults.isEmpty { throw StartFaults(faults: faults) }
        return .object(body)
    }

    private static func json(_ text: String, _ name: String, _ faults: inout [Fault]) -> JSON? {
        guard text.contains(where: { !$0.isWhitespace }) else { return nil }
        do throws(JSONError) { return try JSON(parsing: text) } catch {
            let before = text.utf8.prefix(error.offset)
            let line = before.count { $0 == UInt8(ascii: "\n") } + 1
            let column = before.reversed().prefix { $0 != UInt8(ascii: "\n") }.count + 1
            faults.append(Fault(JSONPointer([name]), "Line \(line), column \(column): \(error.message)"))
            return nil
        }
    }
}

/// Why a draft is no request.
package struct StartFaults: Error, Sendable {
    package let faults: [StartDraft.Fault]
}
