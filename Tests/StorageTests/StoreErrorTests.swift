import Postgres
import Storage
import Testing

@Suite("What a failed statement means")
struct StoreErrorTests {
    @Test("An answer that can't be read is no refusal: the statement took effect, so nobody is to blame its data")
    func unreadableAnswer() {
        guard case .unavailable = StoreError(.decoding("a commit answers every decision")) else {
            Issue.record("an unreadable answer is taken for a refusal")
            return
        }
    }
}
