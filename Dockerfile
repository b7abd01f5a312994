# rekeyspec and its locked light requirements, for a machine without Python 3.11. What it judges runs in the container
# too: for another language than Python, start FROM this image and add what the adapter needs.
FROM python:3.11-slim

WORKDIR /opt/rekeyspec
COPY requirements/light.txt requirements/light.txt
RUN python -m pip install --no-cache-dir --no-deps -r requirements/light.txt
COPY pyproject.toml README.md LICENSE ./
COPY src src
COPY benchmarks benchmarks
COPY conformance conformance
COPY reference reference
COPY spec spec
COPY tools tools
RUN python -m pip install --no-cache-dir --no-deps --no-build-isolation . && python -m pip check

RUN useradd --create-home --uid 10001 rekeyspec
USER rekeyspec
WORKDIR /judged
ENTRYPOINT ["rekeyspec"]
