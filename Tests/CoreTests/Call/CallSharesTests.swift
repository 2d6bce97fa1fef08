@testable import Core
import Testing

@Suite("A limit divided among engines")
struct CallSharesTests {
    @Test(
        "Who wants little gets it, the others divide the rest, and a part of what nobody wants stays free",
        arguments: [
            (10, [3], [10]), (10, [30], [10]), (10, [0], [10]),
            (10, [30, 30], [5, 5]), (10, [1, 30], [1, 9]), (10, [30, 2, 30], [4, 2, 4]),
            (12, [0, 0, 0], [3, 3, 3]), (12, [0, 4, 0], [2, 6, 2]), (1, [0, 0], [0, 0]), (0, [5, 5], [0, 0]),
            (-3, [5], [0]),
        ])
    func divide(total: Int, wants: [Int], shares: [Int]) {
        #expect(CallShares.divide(total, among: wants, turn: 0) == shares)
    }

    @Test("What does not divide evenly goes round, so that no engine starves where there are more of them than parts")
    func turns() {
        for (total, wants) in [(1, [5, 5, 5, 5]), (2, [5, 1, 5, 0]), (3, [2, 2, 2, 2, 2]), (1, [0, 1, 0, 9, 1])] {
            var sums = wants.map { _ in 0 }
            for turn in 0..<wants.count {
                let shares = CallShares.divide(total, among: wants, turn: turn)
                #expect(shares.reduce(0, +) == total)
                sums = zip(sums, shares).map { $0 + $1 }
            }
            for (sum, want) in zip(sums, wants) where want > 0 { #expect(sum > 0, "\(total) \(wants) \(sums)") }
        }
    }

    @Test("Shares are never more than the limit, and nobody is denied what another has beyond an even part")
    func fair() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let total = Int.random(in: 0...40, using: &random)
            let wants = (0..<Int.random(in: 1...8, using: &random)).map { _ in Int.random(in: 0...20, using: &random) }
            let shares = CallShares.divide(total, among: wants, turn: Int.random(in: 0...9, using: &random))
            #expect(shares.reduce(0, +) <= total)
            if wants.reduce(0, +) >= total { #expect(shares.reduce(0, +) == total, "\(total) \(wants) \(shares)") }
            for (share, want) in zip(shares, wants) where share < want {
                #expect(share >= (shares.max() ?? 0) - 1, "\(total) \(wants) \(shares)")
            }
        }
    }

    /// Engines as they take their shares one after the other, each at a moment of its own.
    private struct Engines {
        var total: Int
        var wants: [Int]
        var taken: [Int]
        var inFlight: [Int]

        mutating func take(_ index: Int, turn: Int) {
            let grant = CallShares.grant(of: total, wants: wants, taken: taken, at: index, turn: turn)
            taken[index] = max(grant, inFlight[index])
        }

        mutating func remove(_ index: Int) {
            for path in [\Engines.wants, \.taken, \.inFlight] { self[keyPath: path].remove(at: index) }
        }
    }

    @Test("Whatever engines come, go, want and have in flight, together they never take more than the limit")
    func comingAndGoing() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let total = Int.random(in: 1...12, using: &random)
            var engines = Engines(total: total, wants: [], taken: [], inFlight: [])
            for round in 0..<100 {
                switch Int.random(in: 0..<8, using: &random) {
                case 0:
                    engines.wants.append(Int.random(in: 0...9, using: &random))
                    engines.taken.append(0)
                    engines.inFlight.append(0)
                case 1 where !engines.taken.isEmpty:
                    engines.remove(engines.taken.indices.randomElement(using: &random) ?? 0)
                default:
                    guard let index = engines.taken.indices.randomElement(using: &random) else { continue }
                    engines.wants[index] = Int.random(in: 0...9, using: &random)
                    // Calls end at any time, and begin only within what was taken.
                    engines.inFlight[index] = Int.random(in: 0...engines.taken[index], using: &random)
                    engines.take(index, turn: round)
                }
                #expect(engines.taken.reduce(0, +) <= total)
            }
        }
    }

    @Test("Once wants stand still all of the limit is in use after each engine has come twice, in whatever order")
    func settles() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<500 {
            let count = Int.random(in: 1...6, using: &random)
            let total = Int.random(in: 1...30, using: &random)
            var engines = Engines(
                total: total, wants: (0..<count).map { _ in Int.random(in: 10...40, using: &random) },
                taken: (0..<count).map { _ in 0 }, inFlight: (0..<count).map { _ in 0 })
            engines.taken[Int.random(in: 0..<count, using: &random)] = total
            for _ in 0..<2 { for index in (0..<count).shuffled(using: &random) { engines.take(index, turn: 3) } }
            let target = CallShares.divide(total, among: engines.wants, turn: 3)
            #expect(engines.taken == target)
        }
    }
}

@Suite("The rate of a participant's calls")
struct CallRateTests {
    @Test(
        "Only rates within bounds, with three decimals, are read",
        arguments: [
            ("1", 1000), ("0.01", 10), ("0.001", nil), ("0", nil), ("-1", nil), ("2.5", 2500), ("0.333", 333),
            ("1e1", 10_000), ("1.0005", nil), ("100000", 100_000_000), ("100001", nil), ("1e400", nil),
            (#""5""#, nil), ("null", nil), ("true", nil), ("99999.999", 99_999_999),
        ] as [(String, Int?)])
    func perSecond(text: String, thousandths: Int?) throws {
        #expect(CallRate.thousandths(perSecond: try JSON(parsing: Array(text.utf8))) == thousandths)
    }

    @Test("What is stored is read as it was")
    func stored() {
        for rate in [CallRate(thousandths: 333), CallRate(thousandths: 5000, burst: 7)] {
            #expect(CallRate(stored: rate.json) == rate)
        }
        for json: JSON in [[:], ["perSecond": 0], ["perSecond": 1, "burst": 0], nil] {
            #expect(CallRate(stored: json) == nil)
        }
    }
}
