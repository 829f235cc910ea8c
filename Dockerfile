# One image, every role: docker run -v shouwang:/data -p 8000:8000 shouwang
ARG BASE=python:3.11-slim
# For several processes on PostgreSQL: --build-arg LOCK=requirements-province.lock
ARG LOCK=requirements.lock

FROM ${BASE} AS build
ARG LOCK
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
# The locks alone first: this layer is built again only when they change.
COPY requirements*.lock ./
RUN python -m venv /build \
 && /build/bin/pip install --quiet --require-hashes -r requirements-build.lock \
 && /build/bin/pip wheel --quiet --no-deps --no-build-isolation --require-hashes \
      --wheel-dir /wheels -r ${LOCK} \
 && python -m venv --without-pip /opt/shouwang \
 && /build/bin/pip --python /opt/shouwang/bin/python install --quiet --no-deps /wheels/*.whl
COPY pyproject.toml LICENSE ./
COPY app ./app
COPY bot ./bot
COPY handlers ./handlers
COPY scheduler ./scheduler
COPY content ./content
COPY migrations ./migrations
RUN /build/bin/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir /own . \
 && /build/bin/pip --python /opt/shouwang/bin/python install --quiet --no-deps /own/*.whl

FROM ${BASE}
ENV PATH=/opt/shouwang/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    SHOUWANG_DATA=/data
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /data --shell /usr/sbin/nologin shouwang \
 && install -d -o shouwang -g shouwang -m 0700 /data
COPY --from=build /opt/shouwang /opt/shouwang
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=3s --start-period=15s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
ENTRYPOINT ["shouwang"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
