// swift-tools-version:6.2
import PackageDescription

/// Every target of ours is held to the same rules: Swift 6 mode, warnings as errors, the upcoming features on.
let settings: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
]

/// Where megabytes of payload are read and written, byte by byte: optimized in debug builds, too, in which that takes fifty
/// times as long, or tests of what large payloads do to others would measure the compiler.
let optimized: [SwiftSetting] = [.unsafeFlags(["-O", "-assert-config", "Debug"], .when(configuration: .debug))]

/// What API and engine allocate on one thread is often freed on another, which glibc's allocator is slow at. Linked before
/// libc, jemalloc takes malloc's place (docs/decisions/016-jemalloc.md).
let allocator: [LinkerSetting] = [.linkedLibrary("jemalloc", .when(platforms: [.linux]))]

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let asyncHTTPClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let configuration: Target.Dependency = .product(name: "Configuration", package: "swift-configuration")
let deque: Target.Dependency = .product(name: "DequeModule", package: "swift-collections")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let cryptoExtras: Target.Dependency = .product(name: "CryptoExtras", package: "swift-crypto")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let nio: [Target.Dependency] = ["NIOCore", "NIOPosix", "NIOHTTP1"].map { .product(name: $0, package: "swift-nio") }
let nioHTTPTypes: Target.Dependency = .product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let hummingbirdCore: Target.Dependency = .product(name: "HummingbirdCore", package: "hummingbird")
let nioTLS: Target.Dependency = .product(name: "NIOTLS", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let jwtKit: Target.Dependency = .product(name: "JWTKit", package: "jwt-kit")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")

let package = Package(
    name: "sagaflow",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "sagaflow-api", targets: ["API"]),
        .executable(name: "sagaflow-engine", targets: ["Engine"]),
        .executable(name: "saga", targets: ["CLI"]),
        .executable(name: "sagaflow-mocks", targets: ["Mocks"]),
        .executable(name: "sagaflow-bench", targets: ["Bench"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(
            url: "https://github.com/apple/swift-configuration", from: "1.4.0",
            traits: ["CommandLineArguments", "YAML"]),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    ],
    targets: [
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),

        .target(name: "Basics", swiftSettings: settings + optimized),
        .target(name: "Core", dependencies: ["Basics", crypto], swiftSettings: settings + optimized),
        .target(name: "Documents", dependencies: ["Core", yams], swiftSettings: settings + optimized),
        .target(name: "Driver", dependencies: ["Core"], swiftSettings: settings + optimized),
        .target(name: "Rehearsal", dependencies: ["Core"], swiftSettings: settings + optimized),
        .target(name: "Audit", dependencies: ["Core"], swiftSettings: settings + optimized),
        .target(name: "Settings", dependencies: ["Core", configuration], swiftSettings: settings),
        .target(
            name: "Telemetry",
            dependencies: ["Basics", "Core", "Settings", asyncHTTPClient, deque, logging, lifecycle] + nio,
            swiftSettings: settings),
        .target(
            name: "Postgres", dependencies: ["Basics", "CLibPQ", deque, logging], swiftSettings: settings + optimized),
        .target(name: "Redis", dependencies: ["Basics", "CHiredis", logging], swiftSettings: settings),
        .target(
            name: "Storage", dependencies: ["Core", "Postgres", "Telemetry", deque, logging, lifecycle],
            swiftSettings: settings),
        .target(name: "Loops", dependencies: nio, swiftSettings: settings),
        .target(
            name: "HTTPServer",
            dependencies: [
                "Basics", "Loops", "Telemetry", hummingbird, hummingbirdCore, httpTypes, nioHTTPTypes, logging,
            ] + nio,
            swiftSettings: settings),
        .target(name: "Participants", dependencies: ["Basics", nioSSL, nioTLS] + nio, swiftSettings: settings),
        .target(
            name: "Tokens",
            dependencies: ["Basics", "Core", "Documents", "Settings", "Participants", crypto, jwtKit, logging] + nio,
            swiftSettings: settings),
        .target(
            name: "Checker", dependencies: ["Core", "Audit", "Storage", "Postgres", "Participants"] + nio,
            swiftSettings: settings),

        .target(
            name: "Console", dependencies: ["Basics", "Core"], exclude: ["Assets"], swiftSettings: settings + optimized),

        .executableTarget(
            name: "API",
            dependencies: [
                "Basics", "Console", "Core", "Documents", "Settings", "Telemetry", "Storage", "Postgres",
                "Participants", "Redis", "Loops", "HTTPServer", "Tokens", hummingbird, hummingbirdCore, httpTypes,
                crypto, deque, logging,
                lifecycle, unixSignals,
            ] + nio,
            swiftSettings: settings, linkerSettings: allocator),
        .executableTarget(
            name: "Engine",
            dependencies: [
                "Core", "Driver", "Settings", "Telemetry", "Storage", "Postgres", "Participants", "Loops",
                "HTTPServer", hummingbird, hummingbirdCore, httpTypes, deque, logging, lifecycle, unixSignals,
            ] + nio,
            swiftSettings: settings, linkerSettings: allocator),
        .executableTarget(
            name: "CLI",
            dependencies: [
                "Basics", "Core", "Documents", "Rehearsal", "Settings", "Storage", "Postgres", "Checker",
                "Participants",
                asyncHTTPClient, argumentParser, logging, subprocess,
            ] + nio,
            swiftSettings: settings),
        .executableTarget(
            name: "Mocks",
            dependencies: [
                "Core", "Postgres", hummingbird, httpTypes, argumentParser, asyncHTTPClient, logging, lifecycle,
                unixSignals,
            ] + nio,
            path: "mocks", exclude: ["workflows"], swiftSettings: settings),
        .executableTarget(
            name: "Bench",
            dependencies: ["Basics", "Core", "Postgres", "Storage", argumentParser, crypto, subprocess] + nio,
            path: "bench", exclude: ["peers"], swiftSettings: settings),

        .target(
            name: "TestSupport",
            dependencies: ["Basics", "Core", "Postgres", "Storage", asyncHTTPClient, crypto, cryptoExtras] + nio,
            path: "Tests/TestSupport", swiftSettings: settings),
        .target(
            name: "Simulation", dependencies: ["Core", "Driver", "Audit"], path: "Tests/Simulation",
            swiftSettings: settings + optimized),
        .executableTarget(
            name: "Simulate", dependencies: ["Core", "Simulation", argumentParser], path: "Tests/Simulate",
            swiftSettings: settings),
        .testTarget(
            name: "SimulationTests", dependencies: ["Core", "Simulation"], swiftSettings: settings),
        .testTarget(name: "RehearsalTests", dependencies: ["Core", "Documents", "Rehearsal"], swiftSettings: settings),
        .testTarget(name: "CoreTests", dependencies: ["Basics", "Core", "Simulation"], swiftSettings: settings),
        .testTarget(name: "DocumentsTests", dependencies: ["Documents", "Core"], swiftSettings: settings),
        .testTarget(name: "AuditTests", dependencies: ["Audit", "Core"], swiftSettings: settings),
        .testTarget(name: "ConsoleTests", dependencies: ["Console", "Core", "Simulation"], swiftSettings: settings),
        .testTarget(name: "BasicsTests", dependencies: ["Basics"], swiftSettings: settings),
        .testTarget(
            name: "TelemetryTests",
            dependencies: ["Telemetry", "Core", "Settings", "TestSupport", logging, lifecycle] + nio,
            swiftSettings: settings),
        .testTarget(name: "PostgresTests", dependencies: ["Postgres"], swiftSettings: settings),
        .testTarget(name: "RedisTests", dependencies: ["Basics", "Redis"], swiftSettings: settings),
        .testTarget(
            name: "StorageTests",
            dependencies: ["Storage", "Core", "Postgres", "Telemetry", "Simulation", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "ParticipantsTests", dependencies: ["Participants", "Core", nioSSL] + nio, swiftSettings: settings),
        .testTarget(
            name: "MocksTests", dependencies: ["Mocks", "Core", "Postgres", hummingbird, httpTypes, logging] + nio,
            swiftSettings: settings),
        .testTarget(
            name: "TokensTests", dependencies: ["Tokens", "Core", "Basics", "TestSupport", logging] + nio,
            swiftSettings: settings),
        .testTarget(
            name: "APITests",
            dependencies: [
                "API", "Console", "Core", "Loops", "HTTPServer", "Settings", "Telemetry", "Storage", "Postgres",
                "Participants", "Redis", "TestSupport", "Tokens", "Basics", lifecycle, logging,
            ] + nio,
            swiftSettings: settings),
        .testTarget(
            name: "EngineTests",
            dependencies: [
                "Engine", "Core", "Driver", "HTTPServer", "Settings", "Telemetry", "Storage", "Postgres",
                "Participants",
                "TestSupport", hummingbird, httpTypes, lifecycle, logging,
            ] + nio,
            swiftSettings: settings),
        .testTarget(
            name: "HTTPServerTests",
            dependencies: [
                "HTTPServer", "Loops", "Telemetry", "TestSupport", hummingbird, hummingbirdCore, httpTypes,
                nioHTTPTypes, logging, lifecycle,
            ] + nio,
            swiftSettings: settings),
        .testTarget(name: "SettingsTests", dependencies: ["Settings"], swiftSettings: settings),
        .testTarget(name: "BenchTests", dependencies: ["Bench", argumentParser] + nio, swiftSettings: settings),
        .testTarget(
            name: "CLITests",
            dependencies: ["CLI", "Console", "Core", "Documents", "Storage", "TestSupport", argumentParser] + nio,
            swiftSettings: settings),
        .testTarget(
            name: "SystemTests",
            dependencies: [
                "Checker", "Audit", "Core", "Loops", "Storage", "Postgres", "Participants", "TestSupport",
            ] + nio,
            swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)
