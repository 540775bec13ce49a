# MCP on stdio: docker run --rm -i -e A2E_API_TOKEN -v a2e:/data a2e-mcp
# For a company: deploy/ and docs/operations.md, with EXTRA=[company].
# To try it free: docker build --build-arg EXTRA=[sandbox] -t a2e-mcp . && docker run --rm -i a2e-mcp --sandbox
FROM python:3.13-slim AS build
ARG EXTRA=""
WORKDIR /source
COPY . .
RUN python -m venv /opt/a2e && /opt/a2e/bin/pip install --no-cache-dir --no-compile "/source${EXTRA}"

FROM python:3.13-slim
LABEL io.modelcontextprotocol.server.name="io.github.a2e-mcp/a2e-mcp" \
      org.opencontainers.image.source="https://github.com/a2e-mcp/a2e-mcp" \
      org.opencontainers.image.licenses="MIT"
# HTTPS is checked against the system's certificates, which a slim image lacks.
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 a2e && mkdir --mode 700 /data && chown a2e /data
COPY --from=build /opt/a2e /opt/a2e
USER a2e
ENV PATH=/opt/a2e/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    A2E_DATA_DIR=/data \
    A2E_OUTPUT_DIR=/data/results \
    A2E_KEYRING=off
VOLUME /data
ENTRYPOINT ["a2e-mcp"]
