# syntax=docker/dockerfile:1
# One image for every program of the project: the command says which. Built on the same Debian as it runs on.

FROM swift:6.3-bookworm AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends libpq-dev libhiredis-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
# The dependencies first: they change seldom.
COPY Package.swift ./
COPY Package.resolve[d] ./
RUN swift package resolve
COPY Sources Sources
COPY Tests Tests
COPY mocks mocks
COPY bench bench
RUN swift build -c release \
    && mkdir -p /staging \
    && for program in sagaflow-api sagaflow-engine saga sagaflow-mocks; do \
           cp "$(swift build -c release --show-bin-path)/$program" /staging/; \
       done

FROM swift:6.3-bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends libpq5 libhiredis0.14 ca-certificates curl jq \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --no-create-home sagaflow
COPY --from=build /staging/ /usr/local/bin/
WORKDIR /srv/sagaflow
COPY migrations migrations
COPY mocks/workflows mocks/workflows
COPY scripts scripts
USER sagaflow
CMD ["sagaflow-api"]
