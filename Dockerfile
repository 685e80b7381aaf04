# The image of a node: the `stos` command and the example programs, Python, and the example jobs, on Debian. From the
# root of the repository:
#
#   docker build -t stos-node .
#   docker run --rm stos-node pingpong
#
# A program of your own: FROM stos-node, and COPY it to /usr/local/bin.

FROM debian:12 AS build
WORKDIR /src
# What takes longest comes first and alone: packages, and CAF. Only a new scripts/setup does it again.
COPY scripts/setup scripts/setup
RUN scripts/setup
COPY . .
RUN cmake --preset release -DSTOS_TESTS=OFF -DSTOS_BENCH=OFF \
 && cmake --build --preset release \
 && mkdir /programs \
 && find build/release/bin build/release/examples -maxdepth 1 -type f -executable \
      -exec install --strip -t /programs {} +

FROM debian:12-slim
RUN apt-get -q update \
 && apt-get -q -y install --no-install-recommends \
      libprometheus-cpp-pull1.0 libscotch-7.0 libyaml-cpp0.7 \
      liblmdb0 libzstd1 libhiredis0.14 libssl3 \
      python3 \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /programs/ /usr/local/bin/
COPY config/stos.yaml /usr/local/share/stos/
COPY examples/interplanetary/solar_system.yaml /usr/local/share/stos/examples/interplanetary/
COPY examples/jobs/ /usr/local/share/stos/examples/jobs/
# Volumes that are put here belong to the user below.
RUN install -d -o nobody -g nogroup /keys /var/lib/stos
WORKDIR /usr/local/share/stos
# 4242: other nodes; 9464: Prometheus.
EXPOSE 4242 9464
USER nobody
CMD ["stos", "--help"]
