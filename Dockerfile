# One image for all commands: x18 serve, migrate, demo, tail.
FROM python:3.13-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/x18
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE piccolo_conf.py ./
COPY piccolo_migrations ./piccolo_migrations
COPY src ./src
RUN /opt/x18/bin/pip install -c constraints.txt '.[video]'

FROM python:3.13-slim
ENV PATH=/opt/x18/bin:$PATH PYTHONUNBUFFERED=1 STORAGE_PATH=/var/lib/x18
RUN useradd --system --home-dir /var/lib/x18 --create-home x18
COPY --from=build /opt/x18 /opt/x18
USER x18
WORKDIR /var/lib/x18
VOLUME /var/lib/x18
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=4s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/health', timeout=3)"]
ENTRYPOINT ["x18"]
CMD ["serve"]
