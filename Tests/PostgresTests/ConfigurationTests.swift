import Testing

@testable import Postgres

@Suite("The connection string is understood, completed with limits, and never shown")
struct ConfigurationTests {
    private func options(_ text: String) throws -> [String: String] {
        Dictionary(uniqueKeysWithValues: try ConnectionConfiguration(text).options.map { ($0.keyword, $0.value) })
    }

    @Test("URI and key=value forms, and limits that are set unless the string says otherwise")
    func forms() throws {
        let uri = try options("postgres://me:secret@db.example:5433/shop?sslmode=require")
        #expect(uri["host"] == "db.example" && uri["port"] == "5433" && uri["dbname"] == "shop")
        #expect(uri["sslmode"] == "require" && uri["connect_timeout"] == "5")
        #expect(uri["keepalives_idle"] != nil && uri["tcp_user_timeout"] != nil)
        #expect(uri["application_name"] == "sagaflow" && uri["target_session_attrs"] == nil)
        let pairs = try options("host=/tmp dbname=shop connect_timeout=9 application_name=mine")
        #expect(pairs["connect_timeout"] == "9" && pairs["application_name"] == "mine" && pairs["host"] == "/tmp")
    }

    @Test(
        "several hosts mean the one that takes writes, unless told otherwise",
        arguments: [
            ("postgres://a:1,b:2/shop", "read-write"), ("host=a,b dbname=shop", "read-write"),
            ("hostaddr=127.0.0.1,127.0.0.2", "read-write"),
            ("postgres://a,b/shop?target_session_attrs=any", "any"), ("postgres://a/shop", nil),
        ] as [(String, String?)])
    func severalHosts(_ text: String, expected: String?) throws {
        #expect(try options(text)["target_session_attrs"] == expected)
    }

    @Test(
        "a string that cannot be parsed is refused without quoting any of it",
        arguments: [
            "postgres://me:s3cr%zzet@host/db", "postgres://me:s3cret@host/db?nonsense=s3cret", "s3cret",
            "password='s3cret", "postgres://me:s3cret@[::1/db", "postgres://me:s3cret@host:1/db?x",
            "password=\"s3c\" ret\"", "postgres://me:s3cret@host/db?a=s3cret&b&c=%",
        ])
    func unparsable(_ text: String) {
        do throws(PostgresError) {
            _ = try ConnectionConfiguration(text)
            Issue.record("accepted")
        } catch {
            guard case .configuration = error else {
                Issue.record("\(error)")
                return
            }
            #expect(!"\(error)".contains("s3c") && !"\(error)".contains("ret\""))
        }
    }

    @Test("the password is in no description and in no error of a failed connect")
    func passwordStaysSecret() async throws {
        let unreachable = try ConnectionConfiguration("postgres://me:s3cret@127.0.0.1:1/shop")
        var dumped = ""
        dump(unreachable, to: &dumped)
        #expect(!"\(unreachable) \(String(reflecting: unreachable)) \(dumped)".contains("s3cret"))
        #expect(unreachable.redact("bad s3cret here") == "bad *** here")
        do throws(PostgresError) {
            _ = try await Connection.connect(unreachable)
            Issue.record("connected")
        } catch {
            guard case .connectionFailed = error else {
                Issue.record("\(error)")
                return
            }
            #expect(!"\(error)".contains("s3cret"))
        }
    }

    @Test("limits and settings are in force on the server")
    func settings() async throws {
        let connection = try await TestServer.connect {
            $0.statementTimeout = .milliseconds(12_345)
            $0.lockTimeout = nil
            $0.idleInTransactionTimeout = .seconds(7)
            $0.settings = ["plan_cache_mode": "force_generic_plan", "search_path": "it's, \"quoted\""]
        }
        let names = [
            "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "plan_cache_mode",
            "search_path", "application_name", "client_encoding",
        ]
        var values: [String?] = []
        for name in names { values += try await connection.simpleQuery("SHOW \(name)").flatMap(\.self) }
        #expect(
            values == ["12345ms", "0", "7s", "force_generic_plan", "it's, \"quoted\"", "postgres-tests", "UTF8"])
    }

    @Test("a setting the server does not know fails the connect, not the first statement")
    func unknownSetting() async throws {
        await #expect(throws: PostgresError.self) {
            try await TestServer.connect { $0.settings = ["no_such_setting": "1"] }
        }
    }

    @Test("another database of the same server")
    func otherDatabase() throws {
        let configuration = try ConnectionConfiguration("postgres://me@host/one").database("two")
        #expect(configuration.description.contains("dbname=two"))
    }

    @Test("identifiers and literals with quotes are taken literally")
    func quoting() async throws {
        let connection = try await TestServer.connect()
        let name = try await connection.quoted(identifier: "odd \"name\"")
        let text = try await connection.quoted(literal: "it's \\ odd")
        let rows = try await connection.simpleQuery("SELECT \(text) AS \(name)")
        #expect(rows == [["it's \\ odd"]])
    }
}
