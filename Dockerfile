# We have not built or run this image yet.
#   docker build -t microaction .
#   docker run --rm -it --shm-size 8g -v "$PWD/data:/project/data" -v "$PWD/work_dirs:/project/work_dirs" microaction
# The web page:  docker run --rm -p 7860:7860 … microaction microaction web --host 0.0.0.0 --model CONFIG CHECKPOINT
# JupyterLab:    docker run --rm -p 8888:8888 … microaction sh -c 'pip install jupyterlab && jupyter lab --allow-root --ip 0.0.0.0'
# With GPUs:     docker build --build-arg TORCH_INDEX=https://download.pytorch.org/whl/cu130 …, and docker run --gpus all …
FROM python:3.11-slim

RUN apt-get update \
    && apt-get install -y --no-install-recommends git make \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /project
COPY . .
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
RUN make install EXTRAS=web TORCH_INDEX="$TORCH_INDEX" && rm -rf ~/.cache/pip
ENV PATH="/project/.venv/bin:$PATH"
CMD ["bash"]
