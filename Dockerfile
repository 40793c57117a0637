# Two stages: the bundle is made in one, and only it is copied to the other. It holds the packages that it uses.
# A tag can move: where that matters, pin the digest of the image that you have looked at.
FROM node:26.9.0-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
# By the hashes of the lock file. No install scripts: the only one would fetch another Node.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY scripts ./scripts
COPY src ./src
RUN node scripts/build.mjs \
 && node scripts/sbom.mjs sbom.cdx.json --omit=optional

FROM node:26.9.0-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /build/package.json ./
# What the bundle is made of, for scanners: they look for files of this name.
COPY --from=build /build/sbom.cdx.json ./
COPY --from=build /build/dist ./dist
# A number, so that Kubernetes can see that it is not root. The image writes nothing, not even to /tmp: run it with a
# read-only root. All files belong to root.
USER 1000:1000
EXPOSE 8080
# The admin listener is bound to loopback, inside the container.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9090/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
STOPSIGNAL SIGTERM
# By its first line, which has the options of Node. No shell stays in between: signals reach the program, which handles them
# and waits for its own workers. So no init is needed.
ENTRYPOINT ["/app/dist/main.js"]
CMD ["start", "-c", "/etc/scopegate/scopegate.yaml"]
