import Core
import Testing

@Suite("An answer that makes its run too heavy")
struct CallResultWeightTests {
    private func run(_ input: JSON) throws -> Run {
        let definition = try WorkflowDefinition([
            "name": "w", "version": "1.0.0",
            "steps": [["id": "a", "action": ["participant": "p", "path": "/"]]],
        ])
        return Run(
            id: RunID.v7(milliseconds: 0, random: (0, 0)), definition: definition, input: input, context: [:],
            createdAt: Instant(microseconds: 0))
    }

    private func succeeded(_ output: JSON) -> CallResult {
        CallResult(outcome: .succeeded, httpStatus: 200, duration: .zero, output: output)
    }

    private static func text(_ bytes: Int) -> JSON { .string(String(repeating: "x", count: bytes)) }

    @Test("is as one that is too large by itself: it may have had its effect, and nothing of it is kept")
    func tooHeavy() throws {
        let run = try run(Self.text(Run.maxWeight - 5000))
        let result = succeeded(Self.text(6000)).fitting(run)
        #expect(result.outcome == .unknown && result.output == nil && result.httpStatus == 200)
        #expect(result.failure?.message.contains("32 MiB") == true)
    }

    @Test("is not one that fits, nor a small one")
    func fits() throws {
        let heavy = try run(Self.text(Run.maxWeight - 5000))
        #expect(succeeded(Self.text(3000)).fitting(heavy) == succeeded(Self.text(3000)))
        #expect(succeeded(["paymentId": "p-1"]).fitting(try run(Self.text(2 * Run.maxWeight))).outcome == .succeeded)
    }
}
