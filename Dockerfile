# Two stages: the bundle and the production dependencies are made in one, and only they are copied to the other.
FROM node:26.9.0-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
# No install scripts: the only one would fetch another Node.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY scripts ./scripts
COPY src ./src
RUN node scripts/build.mjs \
 && npm prune --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM node:26.9.0-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /build/package.json ./
COPY --from=build /build/node_modules ./node_modules
COPY --from=build /build/dist ./dist
# A number, so that Kubernetes can see that it is not root. The image writes nothing: run it with a read-only root.
USER 1000:1000
EXPOSE 8080
# The admin listener is bound to loopback, inside the container.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9090/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
STOPSIGNAL SIGTERM
# By its first line, which has the options of Node.
ENTRYPOINT ["/app/dist/main.js"]
CMD ["start", "-c", "/etc/scopegate/scopegate.yaml"]
