# seedance-mock in a container:
#
#   docker build -t seedance-mock .
#   docker run --rm --init --network host seedance-mock
#
# --init puts tini in front as process 1, which reaps what is left behind; the mock itself ends on SIGTERM with or without it.
# --network host, or a client in a container on the same network (docker-compose.yml), because Docker's proxy for published
# ports turns every TCP reset into an orderly FIN.
#
# It needs no rights and no disk. Where the root file system is read-only, the CA's file lies in shared memory (/dev/shm):
#
#   docker run --rm --network host --read-only --cap-drop ALL --security-opt no-new-privileges seedance-mock
#
# The admin API is on the container's loopback. For others it asks for a token:
#
#   docker run --rm -p 8480:8480 -e SEEDANCE_MOCK_ADMIN_HOST=0.0.0.0 -e SEEDANCE_MOCK_ADMIN_TOKEN=secret seedance-mock

FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
# Without scripts: the only one that matters would fetch the Node that this image already is.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json LICENSE ./
COPY scripts scripts
COPY server server
COPY scenarios scenarios
# The bundle carries most of what it depends on: only the rest is installed beside it.
RUN npm run build \
  && node scripts/assemble-image.ts /app \
  && cd /app && npm ci --omit=dev --ignore-scripts --prefer-offline --no-audit --no-fund

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app ./
USER node
# Results lie on a port of their own, which video_url names: publish it under this number.
ENV SEEDANCE_MOCK_STORAGE_PORT=8444
EXPOSE 8443 8444 8480
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8480/health/ready').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/dist/main.js"]
CMD ["serve", "--host", "0.0.0.0"]
