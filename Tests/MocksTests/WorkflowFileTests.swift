import Core
import Foundation
import Testing

@testable import Mocks

@Suite("The demo workflows")
struct WorkflowFileTests {
    static let names = [
        "order-processing", "refund-flow", "invoice-issuance", "order-dispatch", "checkout", "travel-booking",
        "approval", "async-payment", "marketplace-checkout",
    ]

    private func definition(_ name: String) throws -> WorkflowDefinition {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../mocks/workflows")
        let json = try JSON(parsing: Array(try Data(contentsOf: folder.appending(path: "\(name).json"))))
        return try WorkflowDefinition(json)
    }

    @Test("Each is valid, and all its calls are to participants and paths that serve them", arguments: names)
    func calls(name: String) throws {
        let definition = try definition(name)
        #expect(definition.name == name)
        for step in definition.steps {
            guard let call = step.action.call else { continue }
            try expectServed(call, as: .execute)
            if let compensation = step.compensation { try expectServed(compensation, as: .compensate) }
            #expect(
                step.compensation != nil || step.needsNoUndo || step.id == "validate-refund", "\(step.id) has an effect"
            )
        }
        #expect(definition.findings().isEmpty, "they show the right way")
    }

    private func expectServed(_ call: CallDefinition, as action: CallAction) throws {
        let name = try #require(call.participant.only)
        let participant = try #require(Participant.all.first { $0.name == name })
        let path = try call.path.render(NoValues())
        let route = try #require(participant.routes[path], "\(name) has no \(path)")
        #expect(route.actions.contains(action), "\(path)")
    }

    @Test("Reserving and paying go side by side in checkout")
    func parallel() throws {
        let steps = try definition("checkout").steps
        #expect(steps.map(\.id) == ["create-order", "reserve-stock", "process-payment", "confirm-order"])
        #expect(steps.map(\.dependencies) == [[], [0], [0], [1, 2]])
    }
}

private struct NoValues: Scope {
    func value(_ root: Reference.Root) -> JSON? { nil }
}
