import Console
import Core
import Testing

/// Pages made of a description such as the API gives. That all of the API's own is on them, the tests of the API see to.
@Suite struct ReferenceTests {
    private static let evil = "</script><img src=x onerror=alert(1)> ` \" ' ${x}"
    private static let document: JSON = [
        "info": ["version": "1", "description": .string("Some `code` and \(evil)\n\nTwo.")],
        "tags": [
            ["name": "Things to do", "description": .string(evil)], ["name": "Nothing", "description": "No route."],
        ],
        "paths": [
            "/v1/things/{thingId}": [
                "post": [
                    "operationId": "changeThing", "tags": ["Things to do"], "summary": .string(evil),
                    "description": "Does it. Needs `things:write`.", "x-sagaflow-permission": "things:write",
                    "parameters": [
                        [
                            "name": "thingId", "in": "path", "required": true, "description": "Which.",
                            "schema": ["type": "string"],
                        ],
                        [
                            "name": "why", "in": "query", "required": true, "description": .string(evil),
                            "schema": ["type": "string", "examples": ["it's & more"]],
                        ],
                        [
                            "name": "limit", "in": "query", "description": "Most.",
                            "schema": ["type": "integer", "minimum": 1, "maximum": 5, "default": 2],
                        ],
                    ],
                    "requestBody": [
                        "required": true,
                        "content": [
                            "application/json": [
                                "schema": ["$ref": "#/components/schemas/Thing"],
                                "examples": ["example": ["value": ["it's": .string(evil)]]],
                            ]
                        ],
                    ],
                    "responses": [
                        "200": [
                            "description": "Done.", "headers": ["Location": [:]],
                            "content": ["application/json": ["schema": ["$ref": "#/components/schemas/Thing"]]],
                        ],
                        "400": ["$ref": "#/components/responses/Problem400"],
                        "409": [
                            "description": "`taken`: It is taken.",
                            "x-sagaflow-problems": ["urn:sagaflow:problem:taken"],
                            "content": [
                                "application/problem+json": ["schema": ["$ref": "#/components/schemas/Problem"]]
                            ],
                        ],
                    ],
                ]
            ]
        ],
        "components": [
            "responses": [
                "Problem400": [
                    "description": "`malformed`: It is malformed.",
                    "x-sagaflow-problems": ["urn:sagaflow:problem:malformed"],
                ]
            ],
            "schemas": [
                "Thing": [
                    "type": "object", "description": .string(evil), "required": ["a"],
                    "properties": [
                        "a": ["type": ["string", "null"], "format": "uuid", "description": .string(evil)],
                        "b": [
                            "type": "object",
                            "properties": [
                                "c": [
                                    "type": "array",
                                    "items": [
                                        "type": "object", "properties": ["d": ["$ref": "#/components/schemas/Other"]],
                                    ],
                                ]
                            ],
                        ],
                        "e": ["anyOf": [["const": 7], ["type": "null"]]], "f": ["enum": ["x", .string(evil)]],
                        "g": ["type": "object", "additionalProperties": ["type": "integer"], "maxProperties": 3],
                    ],
                ],
                "Other": ["type": "string", "minLength": 1, "pattern": "^<a>$"],
                "Problem": ["type": "object"],
            ],
        ],
    ]

    private static var page: ReferencePage {
        ReferencePage(APIReference(document), PageTests.frame())
    }

    @Test func `Its pages are well-formed and have nothing inline, whatever is described`() throws {
        let pages = [
            Self.page.overview, Self.page.problems, try #require(Self.page.group("things-to-do")),
            try #require(Self.page.schema("Thing")), try #require(Self.page.schema("Other")),
            DefinitionReferencePage(DefinitionSchema.document, APIReference(Self.document), PageTests.frame()).html,
        ]
        for html in pages {
            let checked = MarkupPage(html.markup)
            #expect(checked.faults.isEmpty, "\(checked.faults.prefix(3))")
            #expect(checked.hrefs.allSatisfy { $0.hasPrefix("/") || $0.hasPrefix("#") })
            #expect(html.markup.utf8.count < 100_000)
        }
        #expect(Self.page.group("nothing") == nil && Self.page.schema("Nothing") == nil)
    }

    @Test func `A route has its parameters, body, answers, refusals and a command`() throws {
        let page = try #require(Self.page.group("things-to-do")).markup
        for text in [
            #"id="changeThing""#, "POST", "/v1/things/{thingId}", "things:write", "by default <code>2</code>; 1 to 5",
            "/console/reference/schemas/Thing", "<code>taken</code>: It is taken.",
            "/console/reference/problems#status-400",
            "<code>Location</code>",
        ] {
            #expect(page.contains(text), "\(text)")
        }
        // The member of a member has its place.
        for text in ["<code>b.c[].d</code>", "list of object", "<code>7</code> or null", "text (uuid) or null"] {
            #expect(try #require(Self.page.schema("Thing")).markup.contains(text), "\(text)")
        }
        // For a shell: quotes within quotes, what is needed filled in, what is not left out.
        #expect(
            page.contains(
                "curl -X POST &#39;https://h/v1/things/THING_ID?why=it%27s%20%26%20more&#39; \\\n  -H &quot;X-Api-Key: $SAGAFLOW_KEY&quot;"
            ))
        #expect(page.contains("&quot;it&#39;\\&#39;&#39;s&quot;"))
    }

    @Test func `What any route may refuse is told once`() throws {
        #expect(Self.page.problems.markup.contains(#"id="status-400""#))
        #expect(try !#require(Self.page.group("things-to-do")).markup.contains("It is malformed."))
    }
}
