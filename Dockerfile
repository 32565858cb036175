# The product alone: no simulator, no test, no build tool. Runs as an account without rights, on a PostgreSQL given by DATABASE_URL.

FROM node:20-bookworm-slim AS pages
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json vite.config.ts ./
COPY frontend frontend
COPY templates templates
RUN npm run build

FROM python:3.11-slim-bookworm AS python
RUN python -m venv /opt/spst/venv
COPY requirements/base.txt /tmp/base.txt
RUN /opt/spst/venv/bin/pip install --no-cache-dir --require-hashes --no-deps -r /tmp/base.txt \
    && /opt/spst/venv/bin/pip uninstall --yes pip setuptools

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin spst
COPY --from=python /opt/spst/venv /opt/spst/venv
WORKDIR /opt/spst/app
COPY LICENSE ./
COPY migrations migrations
COPY policies policies
COPY templates templates
COPY tools/verify_traces.py tools/verify_traces.py
COPY spst spst
COPY --from=pages /build/spst/web/static/dist spst/web/static/dist
ENV PATH=/opt/spst/venv/bin:$PATH PYTHONPATH=/opt/spst/app PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PORT=8000
USER spst
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import http.client, os, sys; c = http.client.HTTPConnection('127.0.0.1', int(os.environ['PORT']), timeout=4); c.request('GET', '/sante'); sys.exit(c.getresponse().status != 200)"]
ENTRYPOINT ["python", "-m", "spst.cli"]
CMD ["serve", "--host", "0.0.0.0"]
