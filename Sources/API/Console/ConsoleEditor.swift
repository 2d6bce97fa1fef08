import Console
import Core
import HTTPTypes
import Hummingbird
import NIOCore

/// Where definitions are written, tried out and registered. What would come of a text is asked where every other client asks it.
struct ConsoleEditor: Sendable {
    let body: BodyReader

    /// Bytes of a form with a definition: each of these may be three in it, and a line's end is six.
    var formBytes: Int { 3 * body.maxBytes + 64 * 1024 }
    /// What is longer may take more than a millisecond to read.
    private static let briefBytes = 32 * 1024

    // MARK: Pages

    @Sendable func new(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let draft = EditorPage.Draft(text: DefinitionTemplate.text, tenant: visit.query["tenant"])
        return await page(draft, visit)
    }

    /// A version after the one in the path.
    @Sendable func edit(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let from = (name: try visit.pathText("name"), version: try visit.pathText("version"))
        let tenant = visit.query["tenant"]
        let stored = try await stored(from, tenant, visit)
        let version = SemanticVersion(from.version)
        let next = if let version { await next(after: version, of: from.name, tenant, visit) } else { nil as String? }
        let draft = EditorPage.Draft(
            text: DefinitionLayout.text(stored, version: next), from: from, tenant: tenant)
        return await page(draft, visit)
    }

    // MARK: Forms

    /// What the page of an editor sends.
    @Sendable func send(_ visit: ConsoleVisit, _ form: ConsoleForm) async throws -> ConsoleAnswer {
        var draft = Self.draft(form)
        draft.isUnsaved = true
        switch form["action"] {
        case "register": return try await register(draft, visit)
        case "bump":
            let check = await check(draft, visit)
            if case .taken(let next?) = check.standing {
                let written = WrittenDefinition(draft.text, owner: .shared)
                draft.text = written.text(withVersion: next) ?? draft.text
            }
            return await page(draft, visit)
        default: return await page(draft, visit)
        }
    }

    /// The same for a script, which exchanges what has changed.
    @Sendable func fragment(_ visit: ConsoleVisit, _ form: ConsoleForm) async throws -> ConsoleAnswer {
        let draft = Self.draft(form)
        return .page(editor(draft, await check(draft, visit), visit).fragment)
    }

    private static func draft(_ form: ConsoleForm) -> EditorPage.Draft {
        // Forms end lines as mail does.
        let text = (form["text"] ?? "").lineFeedsAlone
        var draft = EditorPage.Draft(text: text, tenant: form["tenant"])
        if let name = form["fromName"], let version = form["fromVersion"] { draft.from = (name, version) }
        draft.isCompared = form["compare"] == "yes"
        return draft
    }

    private func register(_ draft: EditorPage.Draft, _ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let written = await read(draft.text, visit, draft.tenant)
        let problem: Problem
        do {
            let answer = try await visit.send("/v1/admin/workflows", written, tenant: draft.tenant)
            guard let name = answer["name"]?.string, let version = answer["version"]?.string else {
                throw Problem(.internalError, "The answer has no version.")
            }
            return .seeOther(
                Paths.query(visit.paths.registered(name, version), [("tenant", draft.tenant), ("did", "registered")]))
        } catch { problem = visit.told(error) }
        // The text is there again, whatever was refused.
        var frame = visit.frame
        frame.notice = Notice("\(problem.kind.title) \(problem.detail)", isProblem: true)
        return .page(editor(draft, await check(draft, visit), visit, frame).html, problem.kind.status)
    }

    private func page(_ draft: EditorPage.Draft, _ visit: ConsoleVisit) async -> ConsoleAnswer {
        .page(editor(draft, await check(draft, visit), visit).html)
    }

    private func editor(
        _ draft: EditorPage.Draft, _ check: DefinitionCheck, _ visit: ConsoleVisit, _ frame: Frame? = nil
    ) -> EditorPage {
        EditorPage(
            draft, check, mayRegister: visit.mayRegister, choosesTenant: visit.principal.tenants == .all,
            frame ?? visit.frame)
    }

    // MARK: What would come of it

    /// Whatever goes wrong is said beside the text.
    private func check(_ draft: EditorPage.Draft, _ visit: ConsoleVisit) async -> DefinitionCheck {
        guard draft.text.utf8.count <= body.maxBytes else {
            let detail = "A definition has at most \(body.maxBytes) bytes."
            let remark = DefinitionCheck.Remark(.error, rule: nil, pointer: "", detail: detail, line: nil, column: nil)
            return DefinitionCheck(isJSON: false, .unreadable, [remark])
        }
        let written = await read(draft.text, visit, draft.tenant)
        var check = DefinitionCheck(isJSON: written.isJSON, .unreadable, written.errors)
        guard written.json != nil else { return check }
        guard let definition = written.definition else {
            check.standing = .refused
            return check
        }
        (check.definition, check.stepLines) = (definition, written.stepLines)
        await ask(written, definition, draft.tenant, visit, &check)
        if draft.isCompared, let from = draft.from {
            check.base = try? WorkflowDefinition(try await stored(from, draft.tenant, visit))
        }
        return check
    }

    /// Adds what the API says of a definition whose own rules hold.
    private func ask(
        _ written: WrittenDefinition, _ definition: WorkflowDefinition, _ tenant: String?, _ visit: ConsoleVisit,
        _ check: inout DefinitionCheck
    ) async {
        guard visit.mayRegister, visit.principal.sees(definition) else {
            check.standing = .unknown
            check.remarks = definition.findings().map { written.remark($0.severity, $0.rule, $0.pointer, $0.detail) }
            if visit.mayRegister { check.trouble = "Your key is not for all the workflows that this names." }
            return
        }
        do {
            let answer = try await visit.send("/v1/admin/workflows/validate", written, tenant: tenant)
            check.remarks = (answer["findings"]?.array ?? []).compactMap { written.remark($0) }
            let isTaken = check.remarks.contains { $0.rule == "version-taken" }
            check.standing = answer["registered"] == true ? .same : .new
            if isTaken {
                check.standing = .taken(
                    next: await next(after: definition.version, of: definition.name, tenant, visit))
            }
        } catch {
            let problem = visit.told(error)
            if problem.kind == .invalidContent, !problem.places.isEmpty {
                check.standing = .refused
                check.remarks = problem.places.map { written.remark(.error, nil, $0.pointer, $0.detail) }
            } else {
                (check.standing, check.trouble) = (.unknown, problem.detail)
            }
        }
    }

    /// A large text is read beside the event loops, in room that is for bodies.
    private func read(_ text: String, _ visit: ConsoleVisit, _ tenant: String?) async -> WrittenDefinition {
        let owner = visit.owner(tenant)
        let bytes = text.utf8.count
        if bytes <= Self.briefBytes { return WrittenDefinition(text, owner: owner) }
        let held = await body.room.takePatiently(bytes)
        defer { body.room.give(held) }
        return await withTaskExecutorPreference(globalConcurrentExecutor) { WrittenDefinition(text, owner: owner) }
    }

    private func stored(
        _ version: (name: String, version: String), _ tenant: String?, _ visit: ConsoleVisit
    ) async throws -> JSON {
        let answer = try await visit.get(
            "/v1/workflows/:name/:version", [version.name, version.version], [("tenant", tenant)])
        return answer["definition"] ?? .null
    }

    /// The version that is free; nil where there is none.
    private func next(
        after version: SemanticVersion, of name: String, _ tenant: String?, _ visit: ConsoleVisit
    ) async -> String? {
        // What can't be read is told when it is registered.
        let known = try? await visit.get("/v1/workflows/:name", [name], [("tenant", tenant)])
        let versions = known?["versions"]?.array?.compactMap { $0["version"]?.string } ?? []
        return NextVersion.after(version, taken: versions.compactMap { SemanticVersion($0) })
    }
}

extension WrittenDefinition {
    /// A finding as the API tells it; nil for what a newer release may say.
    fileprivate func remark(_ finding: JSON) -> DefinitionCheck.Remark? {
        guard let severity = finding["severity"]?.string.flatMap({ Finding.Severity(rawValue: $0) }) else { return nil }
        return remark(
            severity, finding["rule"]?.string, JSONPointer(text: finding["pointer"]?.string ?? ""),
            finding["detail"]?.string ?? "")
    }
}

extension Principal {
    /// Its credential is for the workflow, and for those whose runs it starts.
    fileprivate func sees(_ definition: WorkflowDefinition) -> Bool {
        let started = definition.steps.compactMap { step in
            if case .run(let child) = step.action { child.workflow } else { nil }
        }
        return ([definition.name] + started).allSatisfy { scope.workflows.sees($0) }
    }
}

extension ConsoleVisit {
    /// Nobody registers without saying who they are.
    fileprivate var mayRegister: Bool { isKnown && principal.permissions.contains(.writeWorkflows) }

    /// What an error means to a reader. One of ours is in the log.
    fileprivate func told(_ error: any Error) -> Problem {
        Problem.answering(error, path: request.uri.path, logger: context.logger)
    }

    fileprivate func owner(_ tenant: String?) -> Owner {
        (tenant ?? principal.tenants.tenantID).map { Owner(name: $0) } ?? .shared
    }

    /// Sends a text as it is written.
    fileprivate func send(_ path: String, _ written: WrittenDefinition, tenant: String?) async throws -> JSON {
        try await api.call(
            .post, path, query: [("tenant", tenant)], text: (ByteBuffer(string: written.text), written.type),
            headers: headers, request, context
        ).pageJSON()
    }
}

extension JSONPointer {
    /// As RFC 6901 writes it.
    init(text: String) {
        let tokens = text.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        self.init(tokens.map { String($0.replacing("~1", with: "/").replacing("~0", with: "~")) })
    }
}

extension String {
    /// With `\n` at the end of each line, whatever it came with.
    fileprivate var lineFeedsAlone: String {
        guard utf8.contains(UInt8(ascii: "\r")) else { return self }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(utf8.count)
        var isAfterReturn = false
        for byte in utf8 {
            if byte == UInt8(ascii: "\r") {
                bytes.append(UInt8(ascii: "\n"))
            } else if byte != UInt8(ascii: "\n") || !isAfterReturn {
                bytes.append(byte)
            }
            isAfterReturn = byte == UInt8(ascii: "\r")
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension ConsoleRoutes {
    /// Pages and forms for who writes definitions.
    var editorRoutes: [Route] {
        let (new, edit) = ("/workflows/new", "/workflows/:name/:version/edit")
        return [
            page(new, editor.new), page(edit, editor.edit),
            form(new, most: editor.formBytes, room: editor.body.room, editor.send),
            form(edit, most: editor.formBytes, room: editor.body.room, editor.send),
            form("/definitions/check", most: editor.formBytes, room: editor.body.room, editor.fragment),
        ]
    }
}
