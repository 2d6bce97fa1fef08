# syntax=docker/dockerfile:1
# One image for every program of the project: the command says which. Built on the same Debian as it runs on; what runs has
# no compiler, no Swift runtime but what is linked in, and no shell script of ours.

FROM swift:6.3-bookworm AS build
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN apt-get update \
    && apt-get install -y --no-install-recommends libpq-dev libhiredis-dev libjemalloc-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
# The dependencies first: they change seldom.
COPY Package.swift ./
COPY Package.resolve[d] ./
RUN swift package resolve
COPY Sources Sources
COPY mocks mocks
COPY bench bench
# Package.swift names them; they are not built.
COPY Tests Tests
RUN for product in sagaflow-api sagaflow-engine saga sagaflow-mocks; do \
        swift build -c release --static-swift-stdlib --product "$product" || exit 1; \
    done \
    && bin=$(swift build -c release --static-swift-stdlib --show-bin-path) \
    && mkdir -p /staging \
    && for product in sagaflow-api sagaflow-engine saga sagaflow-mocks; do \
        install "$bin/$product" /staging/ || exit 1; \
    done \
    && install /usr/libexec/swift/linux/swift-backtrace-static /staging/

FROM debian:bookworm-slim
# curl is for health checks.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates curl libhiredis0.14 libjemalloc2 libpq5 zlib1g \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --system --gid 10001 sagaflow \
    && useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin sagaflow
COPY --from=build /staging/ /usr/local/bin/
WORKDIR /srv/sagaflow
COPY LICENSE ./
COPY migrations migrations
COPY mocks/workflows mocks/workflows

# A container's loopback is reached by nobody else. A crash leaves its stack trace in the log.
ENV HOST=0.0.0.0 \
    OPS_HOST=0.0.0.0 \
    HEALTH_PORT=3000 \
    SWIFT_BACKTRACE=enable=yes,color=no,interactive=no,swift-backtrace=/usr/local/bin/swift-backtrace-static
EXPOSE 3000 3100
# By number, so that Kubernetes can see that it is not root. Nothing is written to the file system.
USER 10001:10001
STOPSIGNAL SIGTERM
# For plain docker run of the API; engines set HEALTH_PORT=3100. Compose and Kubernetes have checks of their own.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
    CMD ["/bin/sh", "-c", "exec curl -fsS -o /dev/null http://127.0.0.1:$HEALTH_PORT/health"]
CMD ["sagaflow-api"]

ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="sagaflow" \
      org.opencontainers.image.description="A saga orchestrator over HTTP and Postgres" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
