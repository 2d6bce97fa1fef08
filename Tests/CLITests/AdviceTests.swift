@testable import CLI
import Core
@testable import Storage
import Testing

@Suite("What a person is advised to do fits what went wrong")
struct AdviceTests {
    private static func advice(_ error: Failure) -> String {
        ReasonText.advice(
            for: ForsakenRun(
                runID: RunID(high: 1, low: 2), workflowName: "w", error: error, failedAt: nil,
                now: Instant(microseconds: 0)))
    }

    @Test("Nobody is told to retry a compensation that can't be built: it would fail alike")
    func unbuildable() {
        let refused = Failure(kind: "compensation", message: "It gave up.", httpStatus: 409, stepID: "pay")
        #expect(Self.advice(refused).contains("saga run retry 00000000-0000-0001-0000-000000000002 pay"))
        let unbuilt = Failure(
            kind: "compensation", message: "It gave up.", stepID: "pay", pointer: "/steps/0/compensation/path")
        #expect(!Self.advice(unbuilt).contains("run retry"))
        #expect(Self.advice(unbuilt).contains("/steps/0/compensation/path"))
        #expect(Self.advice(unbuilt).contains("saga run resolve 00000000-0000-0001-0000-000000000002 pay --reason"))
    }
}
