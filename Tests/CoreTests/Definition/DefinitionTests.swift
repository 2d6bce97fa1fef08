import Core
import Testing

@Suite("Definitions that are valid")
struct DefinitionTests {
    /// The example of the contract, its `...` filled in.
    static let example = #"""
        { "name": "order-processing", "version": "1.0.0", "timeout": "60s",
          "retry": { "maxAttempts": 3, "initialInterval": "100ms", "maxInterval": "10s", "multiplier": 2,
                     "jitter": 0.1 },
          "steps": [
            { "id": "charge-payment", "timeout": "10s",
              "action":       { "participant": "payments", "path": "/charge",
                                "body": { "orderId": "${input.orderId}", "amount": "${input.amount}" } },
              "compensation": { "participant": "payments", "path": "/refund",
                                "body": { "paymentId": "${steps.charge-payment.output.paymentId}" },
                                "timeout": "15s" } },
            { "id": "reserve-inventory", "dependsOn": ["charge-payment"],
              "action": { "participant": "inventory", "path": "/reserve" },
              "compensation": { "participant": "inventory", "path": "/release/${steps.charge-payment.output.id}" } },
            { "id": "send-confirmation-email", "when": { "!=": [ { "var": "input.email" }, null ] },
              "action": { "participant": "notifications", "path": "/send" } } ] }
        """#

    private func definition(_ text: String) throws -> WorkflowDefinition {
        try WorkflowDefinition(JSON(parsing: text))
    }

    /// A definition with these steps, each `(id, dependsOn)`.
    private func graph(_ steps: [(String, [JSON]?)]) throws -> WorkflowDefinition {
        let list = steps.map { id, dependencies in
            var step: JSON = ["id": .string(id), "action": ["participant": "p", "path": "/"]]
            if let dependencies { step["dependsOn"] = .array(dependencies) }
            return step
        }
        return try WorkflowDefinition(["name": "w", "version": "1.0.0", "steps": .array(list)])
    }

    @Test("the contract's example is read field by field")
    func readsExample() throws {
        let workflow = try definition(Self.example)
        #expect(workflow.name == "order-processing")
        #expect(workflow.version.description == "1.0.0")
        #expect(workflow.timeout == .seconds(60))
        #expect(workflow.output == nil)
        #expect(workflow.steps.map(\.id) == ["charge-payment", "reserve-inventory", "send-confirmation-email"])
        let charge = workflow.steps[0]
        #expect(charge.madeCall.participant.only == "payments")
        #expect(charge.madeCall.method == "POST")
        #expect(charge.madeCall.timeout == .seconds(10))
        #expect(charge.compensation?.timeout == .seconds(15))
        let scope = TestScope(input: ["orderId": "o", "amount": 1])
        #expect(try charge.madeCall.template?.render(scope) == ["orderId": "o", "amount": 1])
        #expect(try charge.madeCall.path.render(scope) == "/charge")
        #expect(workflow.steps[1].madeCall.template == nil)
        #expect(workflow.steps[1].madeCall.timeout == .seconds(10))
        #expect(workflow.steps[2].compensation == nil)
        #expect(workflow.steps[2].condition?.verdict(scope) == .no)
        #expect(workflow.steps.map(\.dependencies) == [[], [0], [1]])
        #expect(workflow.steps.map(\.dependents) == [[1], [2], []])
        #expect(workflow.steps.map(\.descendants) == [[1, 2], [2], []])
        #expect(workflow.step("reserve-inventory")?.index == 1)
    }

    @Test("a compensation's own output may be absent: the whole string renders to null")
    func nullCompensation() throws {
        let workflow = try definition(Self.example)
        #expect(try workflow.steps[0].compensation?.template?.render(TestScope()) == ["paymentId": nil])
    }

    @Test("the same definition in another order and shape has the same canonical bytes")
    func canonicalBytes() throws {
        let compact = try JSON(parsing: Self.example)
        let reordered = JSON.object(JSONObject(try #require(compact.object).members.reversed()))
        #expect(try WorkflowDefinition(reordered).canonicalBytes == definition(Self.example).canonicalBytes)
        var changed = compact
        changed["timeout"] = "61s"
        #expect(try WorkflowDefinition(changed).canonicalBytes != definition(Self.example).canonicalBytes)
    }

    @Test("a diamond, written in any order, knows who waits for whom")
    func diamond() throws {
        let steps = try graph([("join", ["left", "right"]), ("left", ["root"]), ("right", ["root"]), ("root", [])])
            .steps
        #expect(steps.map(\.dependencies) == [[1, 2], [3], [3], []])
        #expect(steps.map(\.dependents) == [[], [0], [0], [1, 2]])
        #expect(steps.map(\.descendants) == [[], [0], [0], [0, 1, 2]])
    }

    @Test("a hundred steps in a chain, and a hundred at once, are accepted")
    func limits() throws {
        let chain = try graph((0..<100).map { ("s\($0)", nil) })
        #expect(chain.steps[0].descendants == Array(1..<100))
        #expect(chain.steps[99].dependencies == [98])
        let wide = try graph((0..<100).map { ("s\($0)", []) })
        #expect(wide.steps.allSatisfy { $0.dependencies.isEmpty && $0.descendants.isEmpty })
    }

    @Test("timeouts and retries are inherited from step and workflow; a compensation's never from the action")
    func inheritance() throws {
        let workflow = try definition(
            #"""
            { "name": "w", "version": "1.0.0",
              "retry": { "maxAttempts": 5, "jitter": 0 }, "compensationRetry": { "maxAttempts": 20 },
              "output": { "a": "${steps.a.output}", "c": "${steps.c.status}" },
              "steps": [
                { "id": "a", "action": { "participant": "p", "path": "/" },
                  "compensation": { "participant": "p", "path": "/" } },
                { "id": "b", "timeout": "3s", "retry": { "maxInterval": "7s" },
                  "action": { "participant": "p", "path": "/", "retry": { "multiplier": 1.5 } },
                  "compensation": { "participant": "p", "path": "/", "retry": { "initialInterval": "1s" } } },
                { "id": "c", "timeout": "3s",
                  "action": { "participant": "p", "path": "/", "timeout": "4s", "method": "PUT",
                              "retryOn": [409, 422], "rejectOn": [503], "unknownOn": [404],
                              "onUnreadable": "text",
                              "headers": { "X-Order": "o-${input.id}", "Accept": "x" } } } ] }
            """#)
        let (a, b, c) = (workflow.steps[0], workflow.steps[1], workflow.steps[2])
        #expect(a.madeCall.timeout == .seconds(10))
        #expect(
            a.madeCall.retry.rest
                == RetryPolicy(
                    maxAttempts: 5, initialInterval: .milliseconds(100), maxInterval: .seconds(10), multiplier: 2,
                    jitter: 0))
        #expect(
            a.compensation?.retry.rest
                == RetryPolicy(maxAttempts: 20, initialInterval: .milliseconds(200), maxInterval: .seconds(30)))
        #expect(b.madeCall.timeout == .seconds(3))
        #expect(b.compensation?.timeout == .seconds(3))
        #expect(
            b.madeCall.retry.rest
                == RetryPolicy(
                    maxAttempts: 5, initialInterval: .milliseconds(100), maxInterval: .seconds(7), multiplier: 1.5,
                    jitter: 0))
        #expect(
            b.compensation?.retry.rest
                == RetryPolicy(maxAttempts: 20, initialInterval: .seconds(1), maxInterval: .seconds(30)))
        #expect(c.madeCall.timeout == .seconds(4))
        #expect(c.madeCall.method == "PUT")
        #expect(c.madeCall.judgement.statuses == [409: .busy, 422: .busy, 503: .rejected, 404: .unknown])
        #expect(c.madeCall.judgement.onUnreadable == .text)
        #expect(c.madeCall.headers.map(\.name) == ["X-Order", "Accept"])
        #expect(try c.madeCall.headers[0].value.render(TestScope(input: ["id": 7])) == "o-7")
        #expect(
            try workflow.output?.render(TestScope(outputs: ["a": 1], statuses: ["c": "SKIPPED"])) == [
                "a": 1, "c": "SKIPPED",
            ])
    }

    @Test("without any policy the defaults hold, and a compensation is more patient")
    func defaults() throws {
        let step = try graph([("a", nil)]).steps[0]
        #expect(step.madeCall.retry.rules.map(\.policy) == [.action])
        #expect(RetryPolicy.action.maxAttempts == 3)
        #expect(RetryPolicy.compensation.maxAttempts == 10)
        #expect(RetryPolicy.compensation.initialInterval == .milliseconds(200))
        #expect(RetryPolicy.compensation.maxInterval == .seconds(30))
        let longer = try WorkflowDefinition([
            "name": "w", "version": "1.0.0", "retry": ["initialInterval": "60s"],
            "steps": [["id": "a", "action": ["participant": "p", "path": "/"]]],
        ])
        #expect(longer.steps[0].madeCall.retry.rest.maxInterval == .seconds(60), "no inherited bound cuts it")
    }

    @Test(
        "the extremes of every range are accepted",
        arguments: [
            #""timeout":"30d""#, #""timeout":"1ms""#,
            #""retry":{"maxAttempts":1,"initialInterval":"1ms","maxInterval":"1ms","multiplier":1,"jitter":0}"#,
            #""retry":{"maxAttempts":100,"initialInterval":"1d","maxInterval":"1d","multiplier":10,"jitter":1}"#,
            #""retry":{}"#,
            #""description":"x""#, #""output":null"#, #""output":"${input}""#,
        ])
    func extremes(_ member: String) throws {
        let steps = #"[{"id":"a_b-9","action":{"participant":"p","path":"/"}}]"#
        _ = try definition(#"{"name":"0","version":"0.0.0-a+b","steps":\#(steps),\#(member)}"#)
    }
}

@Suite("Backoff")
struct RetryPolicyTests {
    @Test(
        "delays grow by the multiplier up to the cap, jitter on both sides and never beyond the cap",
        arguments: [
            (1, 0.5, 100_000), (2, 0.5, 200_000), (3, 0.5, 400_000), (8, 0.5, 10_000_000), (100, 0.5, 10_000_000),
            (1, 0, 90_000),
            (1, 0.999999999, 109_999), (2, 0.25, 190_000), (50, 0, 9_000_000), (50, 0.999, 10_000_000),
            (0, 0.5, 100_000),
            (.max, 0.5, 10_000_000),
        ] as [(Int, Double, Int64)])
    func delays(_ attempt: Int, _ unit: Double, _ microseconds: Int64) {
        #expect(RetryPolicy.action.delay(afterAttempt: attempt, jitter: unit).microseconds == microseconds)
    }

    @Test("a multiplier of one keeps the delay, and the largest values do not overflow")
    func extremes() {
        let steady = RetryPolicy(
            maxAttempts: 100, initialInterval: .seconds(1), maxInterval: .seconds(9), multiplier: 1, jitter: 0)
        #expect(steady.delay(afterAttempt: .max, jitter: 0) == .seconds(1))
        let wild = RetryPolicy(
            maxAttempts: 100, initialInterval: .seconds(86_400), maxInterval: .seconds(86_400), multiplier: 10,
            jitter: 1)
        #expect(wild.delay(afterAttempt: 100, jitter: 0) == .zero)
        #expect(wild.delay(afterAttempt: 100, jitter: 0.999) == .seconds(86_400))
        let capped = RetryPolicy(
            maxAttempts: 2, initialInterval: .seconds(9), maxInterval: .seconds(1), multiplier: 2, jitter: 0)
        #expect(capped.delay(afterAttempt: 1, jitter: 0) == .seconds(1))
    }
}

extension CallDefinition {
    /// The template of what it sends, if that is one.
    var template: Template? {
        if case .template(let template) = body.content { template } else { nil }
    }
}
