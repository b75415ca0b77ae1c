# One image for all commands: x18 serve, migrate, doctor, user, demo, tail, bench.
FROM python:3.13-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv --without-pip /opt/x18
WORKDIR /src
COPY pyproject.toml constraints-hashed.txt README.md LICENSE piccolo_conf.py ./
COPY piccolo_migrations ./piccolo_migrations
COPY src ./src
# Each file that is installed is the one whose hash was written down; hatchling, which builds X18 itself, is among them.
RUN pip --python /opt/x18/bin/python install --require-hashes --no-deps -r constraints-hashed.txt && \
    pip --python /opt/x18/bin/python install --no-deps --no-build-isolation . && \
    pip --python /opt/x18/bin/python uninstall -y hatchling trove-classifiers

FROM python:3.13-slim
ENV PATH=/opt/x18/bin:$PATH PYTHONUNBUFFERED=1 STORAGE_PATH=/var/lib/x18 SERVER_HOST=0.0.0.0
RUN useradd --system --uid 10018 --home-dir /var/lib/x18 --create-home x18
COPY --from=build /opt/x18 /opt/x18
USER 10018
WORKDIR /var/lib/x18
VOLUME /var/lib/x18
EXPOSE 8080
# /api rather than /health: that also tells of a Redis that is away, and nobody should restart X18 for that.
HEALTHCHECK --interval=10s --timeout=4s --start-period=20s CMD ["python", "-c", \
    "import os, urllib.request as r; port = os.environ.get('PORT') or os.environ.get('SERVER_PORT') or 8080; r.urlopen(f'http://127.0.0.1:{port}/api', timeout=3)"]
ENTRYPOINT ["x18"]
CMD ["serve"]
