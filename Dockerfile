# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0
#
# ros_rl in a stock ROS 2 container. Not built where it was written, as that machine runs no containers: the workflow
# .github/workflows/ros.yaml is what builds it and tests in it.
#
#   docker build --build-arg ROS_DISTRO=jazzy -t ros_rl .
#   docker run --rm -it --ipc=host ros_rl ros2 launch ros_rl train.launch.py task:=a1_walk driver:=pybullet

ARG ROS_DISTRO=jazzy
FROM ros:${ROS_DISTRO}-ros-base

# Another build of torch, such as one without CUDA: --build-arg TORCH="torch --index-url ..."
ARG TORCH=torch

# PyBullet is compiled where there is no wheel for the distribution's Python (3.12), which takes some ten minutes.
# The newer distributions' Python takes packages from pip only if told so; a container has nobody to protect from them.
ENV PIP_BREAK_SYSTEM_PACKAGES=1 PIP_NO_CACHE_DIR=1

RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3-pip python3-dev build-essential \
    && rm -rf /var/lib/apt/lists/*
RUN pip3 install ${TORCH} \
    && pip3 install onnxruntime "mcap>=1.6" safetensors onnx onnxscript pybullet pillow tensorboard matplotlib \
    && pip3 install "gymnasium[mujoco]" pytest pytest-timeout pytest-rerunfailures pytest-xdist hypothesis psutil \
        imageio-ffmpeg rich "cyclonedds>=11,<12" "xarm-python-sdk>=1.18" \
        "feetech-servo-sdk>=1,<2" "spherov2>=0.12" "ur-rtde>=1.6"

WORKDIR /workspace
COPY package.xml src/ros_rl/
RUN apt-get update \
    && rosdep update --rosdistro "${ROS_DISTRO}" \
    && rosdep install --from-paths src --ignore-src --rosdistro "${ROS_DISTRO}" --default-yes \
    && rm -rf /var/lib/apt/lists/*

COPY . src/ros_rl
RUN . "/opt/ros/${ROS_DISTRO}/setup.sh" && colcon build --packages-select ros_rl

RUN echo '. /workspace/install/setup.bash' >> /root/.bashrc \
    && sed --in-place 's|^exec|source /workspace/install/setup.bash\nexec|' /ros_entrypoint.sh
